import type {
  DeviceOffer,
  LeaseDelegate,
  LeaseMessage,
  LeaseTicket,
} from "../control/server-messages.ts";
import type { CommandMessage } from "../control/messages.ts";
import type { CommandBody, ControlLink } from "./control-link.ts";
import { ClientCode, ControlError } from "./errors.ts";
import { FollowStream, type FollowOptions } from "./follow-stream.ts";
import { Motion } from "./motion.ts";
import { VelocityStream, type VelocityStreamOptions } from "./velocity-stream.ts";

type Body<Kind extends CommandBody["kind"]> = Extract<CommandBody, { readonly kind: Kind }>;
type OptionsOf<Kind extends CommandBody["kind"], Given extends PropertyKey> = Omit<
  Body<Kind>,
  "kind" | Given
>;

/** `velocityRatio` of the limits, or `durationMs` if the limits allow it; `ttlMs` gives up earlier. */
export type PositionOptions = OptionsOf<"position", "posRad">;
export type PoseOptions = OptionsOf<"pose", "orientationXyzw">;
export type Trajectory = OptionsOf<"trajectory", never>;
export type TrackTarget = Body<"track">["target"];
export type ActionName = Body<"action">["action"];
export type ActionOptions = OptionsOf<"action", "action">;
export type FoldOptions = OptionsOf<"stow", never>;

/** A velocity of zero is said once; it need not last. */
const restTtlMs = 200;

/** How much of the device's limits an agent may use, and for how long. */
export interface DelegateOptions {
  readonly velocityRatio: number;
  readonly accelerationRatio: number;
  /** Left out: for as long as the lease. */
  readonly forMs?: number;
}

/**
 * The right to move one device, while it lasts. Made by `ControlClient.acquire`, `take` and
 * `delegated`. Every method that moves rejects with a ControlError when the server refuses.
 */
export class LeaseHandle {
  readonly device: DeviceOffer;
  readonly ticket: LeaseTicket;
  readonly #client: ControlLink;
  readonly #stopListening: (() => void)[];
  #delegate: LeaseDelegate | null = null;
  #lostBecause: string | undefined;

  constructor(client: ControlLink, device: DeviceOffer, ticket: LeaseTicket) {
    this.device = device;
    this.ticket = ticket;
    this.#client = client;
    this.#stopListening = [
      client.on("lease", (message) => {
        this.#onLease(message);
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

  /** Lent by the owner, with less than all of the device's limits. */
  get isDelegated(): boolean {
    return this.ticket.sub !== undefined;
  }

  /** Whom this lease's right is lent to, if anybody. */
  get delegate(): LeaseDelegate | null {
    return this.#delegate;
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
    const velocity = { kind: "velocity", velRadPerS: { ...velRadPerS }, ttlMs } as const;
    return this.#sendQuietly(velocity) !== undefined;
  }

  /** Where what shall be kept in view is now; say it again as it moves. False if it could not be sent. */
  sendTrack(target: TrackTarget, ttlMs: number): boolean {
    return this.#sendQuietly({ kind: "track", target, ttlMs }) !== undefined;
  }

  /** Keeps what the world model sees in view, where it says it will be, until told otherwise. Begins at once. */
  followPredicted(options: FollowOptions = {}): FollowStream {
    const still = Object.fromEntries(this.device.axes.map(({ name }) => [name, 0] as const));
    const follow = (ttlMs: number): number | undefined =>
      this.#sendQuietly({ kind: "track", target: { predicted: true }, ttlMs });
    const rest = (): void => {
      this.sendVelocity(still, restTtlMs);
    };
    return new FollowStream({ follow, rest }, { client: this.#client, options });
  }

  /** Goes to a position, rad by axis name. */
  position(posRad: Readonly<Record<string, number>>, options: PositionOptions = {}): Motion {
    return this.#move({ kind: "position", posRad: { ...posRad }, ...options });
  }

  /** Points the camera: its orientation, a unit quaternion x, y, z, w, in a frame of the device. */
  pose(orientationXyzw: Body<"pose">["orientationXyzw"], options: PoseOptions = {}): Motion {
    return this.#move({ kind: "pose", orientationXyzw, ...options });
  }

  /** Follows a path over time. */
  trajectory(path: Trajectory): Motion {
    return this.#move({ kind: "trajectory", ...path });
  }

  /** Makes a gesture around where the device stands. */
  action(action: ActionName, options: ActionOptions = {}): Motion {
    return this.#move({ kind: "action", action, ...options });
  }

  /** Drives powered, or limp where the device can. */
  mode(mode: "active" | "inactive"): Motion {
    return this.#move({ kind: "mode", mode });
  }

  /** Unfolds, and goes home. */
  deploy(options: FoldOptions = {}): Motion {
    return this.#move({ kind: "deploy", ...options });
  }

  /** Re-centres, and folds. */
  stow(options: FoldOptions = {}): Motion {
    return this.#move({ kind: "stow", ...options });
  }

  /** Lends an agent's session a reduced right; moving the device oneself takes it back. */
  async lend(agentSession: string, options: DelegateOptions): Promise<void> {
    const request = { type: "lease.delegate", to: agentSession, ...options } as const;
    await this.#ask(request);
  }

  /** Takes back what was lent; the device stops. */
  async revoke(): Promise<void> {
    await this.#ask({ type: "lease.revoke" });
  }

  /** Gives the device back; it is stopped. */
  async return(): Promise<void> {
    if (!this.isHeld) return;
    await this.#ask({ type: "lease.return" });
    this.#lose("returned");
  }

  #move(body: CommandBody): Motion {
    if (!this.isHeld) {
      const motion = new Motion();
      motion.fail(this.#lostError());
      return motion;
    }
    return this.#client.move({
      ...this.#head(["received", "accepted", "applied", "done"]),
      ...body,
    });
  }

  /** The command's id; undefined if it could not be sent. */
  #sendQuietly(body: CommandBody): number | undefined {
    if (!this.isHeld) return undefined;
    const head = this.#head("rejections");
    return this.#client.send({ ...head, ...body }) ? head.id : undefined;
  }

  #head(acks: NonNullable<CommandMessage["acks"]>) {
    const client = this.#client;
    return {
      type: "command",
      id: client.nextId(),
      seq: client.nextSeq(),
      device: this.device.id,
      lease: this.ticket,
      acks,
      sentAtMs: performance.now(),
    } as const;
  }

  async #ask(
    request:
      | ({ readonly type: "lease.delegate"; readonly to: string } & DelegateOptions)
      | { readonly type: "lease.revoke" | "lease.return" },
  ): Promise<void> {
    if (!this.isHeld) throw this.#lostError();
    const id = this.#client.nextId();
    await this.#client.ask(
      { ...request, id, device: this.device.id, lease: this.ticket },
      (answer) => (answer.type === "lease" ? true : undefined),
    );
  }

  #lostError(): ControlError {
    const reason = this.#lostBecause ?? "the connection is closed";
    return new ControlError(ClientCode.LeaseLost, reason);
  }

  #onLease({ device, owner, stale, delegate, reason, result }: LeaseMessage): void {
    // An answer that refuses somebody's request says nothing about this lease.
    if (device !== this.device.id || (result !== undefined && result !== "ok")) return;
    const { session } = this.#client.welcome;
    this.#delegate = delegate;
    const mine = this.isDelegated ? delegate?.session === session : owner?.session === session;
    if (!mine || stale) this.#lose(reason ?? "lease ended");
  }

  #lose(reason: string): void {
    this.#lostBecause ??= reason;
    for (const stop of this.#stopListening) stop();
  }
}
