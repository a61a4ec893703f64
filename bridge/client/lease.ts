import type { MotionResult } from "../contract/actuation.ts";
import type { DeviceOffer, LeaseTicket } from "../control/server-messages.ts";
import type { ControlLink } from "./control-link.ts";
import { ClientCode, ControlError } from "./errors.ts";
import { VelocityStream, type VelocityStreamOptions } from "./velocity-stream.ts";

export interface PositionOptions {
  /** 0 < ratio <= 1 of the axis velocity limits; default 1. */
  readonly velocityRatio?: number;
  /** Gives up and brakes after this long; without it the motion runs to its end. */
  readonly ttlMs?: number;
}

export interface MotionDone {
  readonly result: MotionResult;
  readonly reason: string;
}

/** The right to move one device, while it lasts. Made by `ControlClient.acquire` and `take`. */
export class LeaseHandle {
  readonly device: DeviceOffer;
  readonly ticket: LeaseTicket;
  readonly #client: ControlLink;
  readonly #stopListening: (() => void)[];
  #lostBecause: string | undefined;

  constructor(client: ControlLink, device: DeviceOffer, ticket: LeaseTicket) {
    this.device = device;
    this.ticket = ticket;
    this.#client = client;
    const { session } = client.welcome;
    this.#stopListening = [
      client.on("lease", ({ device: name, owner, stale, reason }) => {
        if (name !== device.id || (owner?.session === session && !stale)) return;
        this.#lose(reason ?? "lease ended");
      }),
      client.on("closed", ({ reason }) => {
        this.#lose(reason);
      }),
    ];
  }

  /** False once it was returned, taken, revoked or its connection ended. It never becomes true again. */
  get isHeld(): boolean {
    return this.#lostBecause === undefined && this.#client.isOpen;
  }

  get lostBecause(): string | undefined {
    return this.#lostBecause;
  }

  /** A stream of velocities that renews itself until told otherwise. */
  velocity(options: VelocityStreamOptions = {}): VelocityStream {
    return new VelocityStream((velRadPerS, ttlMs) => this.sendVelocity(velRadPerS, ttlMs), {
      client: this.#client,
      options,
    });
  }

  /** One velocity command, without an answer unless it is refused. False if it could not be sent. */
  sendVelocity(velRadPerS: Readonly<Record<string, number>>, ttlMs: number): boolean {
    if (!this.isHeld) return false;
    const client = this.#client;
    return client.send({
      type: "command",
      kind: "velocity",
      id: client.nextId(),
      seq: client.nextSeq(),
      device: this.device.id,
      lease: this.ticket,
      acks: "rejections",
      ttlMs,
      velRadPerS: { ...velRadPerS },
    });
  }

  /**
   * Goes to a position, rad by axis name, and waits until it is there or something ended it.
   *
   * @throws ControlError why it was refused, e.g. `command/latched`, `lease/older`.
   */
  async position(
    posRad: Readonly<Record<string, number>>,
    options: PositionOptions = {},
  ): Promise<MotionDone> {
    if (!this.isHeld) throw new ControlError(ClientCode.LeaseLost, this.#lostBecause ?? "not open");
    const client = this.#client;
    const request = {
      type: "command",
      kind: "position",
      id: client.nextId(),
      seq: client.nextSeq(),
      device: this.device.id,
      lease: this.ticket,
      posRad: { ...posRad },
      ...options,
    } as const;
    return await client.ask(
      request,
      (answer) => {
        if (answer.type !== "ack" || answer.status !== "done") return undefined;
        return { result: answer.result ?? "completed", reason: answer.reason ?? "" };
      },
      Number.POSITIVE_INFINITY,
    );
  }

  /** Gives the device back; it is stopped. */
  async return(): Promise<void> {
    if (!this.isHeld) return;
    const client = this.#client;
    const { ticket: lease } = this;
    const request = {
      type: "lease.return",
      id: client.nextId(),
      device: this.device.id,
      lease,
    } as const;
    await client.ask(request, (answer) => (answer.type === "lease" ? true : undefined));
    this.#lose("returned");
  }

  #lose(reason: string): void {
    this.#lostBecause ??= reason;
    for (const stop of this.#stopListening) stop();
  }
}
