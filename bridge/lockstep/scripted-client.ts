import type { ScenarioClient, ScenarioStep } from "../../sims/scenario/scenario.ts";
import type { ClientMessage } from "../control/messages.ts";
import type { ServerMessage } from "../control/server-messages.ts";
import type { Peer } from "../control/visitor.ts";

interface Stream {
  readonly step: Extract<ScenarioStep, { velocity: unknown } | { forge: unknown }>;
  readonly untilS: number;
  nextS: number;
}

/** What a client wants of its connection. */
export type ClientWish = "connect" | "disconnect" | ClientMessage;

/**
 * A client that does what the scenario says, at the times it says. Ruder than the SDK: it goes on
 * sending with its last lease after that was taken from it, as a program that ignores answers would.
 */
export class ScriptedClient implements Peer {
  readonly name: string;
  readonly role: ScenarioClient["role"];
  isConnected = false;
  readonly #deviceId: string;
  readonly #script: ScenarioClient;
  readonly #checkInS: number;
  #nextStep = 0;
  #streams: Stream[] = [];
  #lease: { readonly epoch: string; readonly sequence: number } | undefined;
  #epoch = "";
  #lastId = 0;
  #seq = 0;
  #nextCheckInS = 0;
  #hasConnected = false;
  #hangs = false;

  constructor(script: ScenarioClient, deviceId: string, checkInMs: number) {
    this.name = script.name;
    this.role = script.role;
    this.#script = script;
    this.#deviceId = deviceId;
    this.#checkInS = checkInMs / 1000;
  }

  /** What it wants to do at `nowS`, in order. */
  *act(nowS: number): Generator<ClientWish> {
    if (!this.#hasConnected && nowS >= this.#script.connectS) {
      this.#hasConnected = true;
      this.#nextCheckInS = nowS + this.#checkInS;
      yield "connect";
    }
    if (!this.isConnected) return;
    for (;;) {
      const step = this.#script.does[this.#nextStep];
      if (step === undefined || step.atS > nowS) break;
      this.#nextStep += 1;
      yield* this.#begin(step);
    }
    if (this.#hangs) return;
    yield* this.#repeat(nowS);
    if (nowS < this.#nextCheckInS) return;
    this.#nextCheckInS += this.#checkInS;
    yield { type: "checkin" };
  }

  send(message: ServerMessage): void {
    if (message.type === "welcome") this.#epoch = message.epoch;
    if (message.type !== "lease" || !("result" in message) || message.lease === undefined) return;
    this.#lease = message.lease;
  }

  end(): void {
    this.isConnected = false;
  }

  *#begin(step: ScenarioStep): Generator<ClientWish> {
    const device = this.#deviceId;
    this.#lastId += 1;
    const id = this.#lastId;
    if ("wake" in step) this.#hangs = false;
    if (this.#hangs) return;
    if ("hang" in step) this.#hangs = true;
    else if ("acquire" in step) yield { type: "lease.acquire", id, device };
    else if ("take" in step) yield { type: "lease.take", id, device };
    else if ("giveBack" in step) {
      if (this.#lease !== undefined) yield { type: "lease.return", id, device, lease: this.#lease };
    } else if ("stop" in step) {
      this.#streams = [];
      yield { type: "stop", id, device, level: step.stop };
    } else if ("reset" in step) yield { type: "reset", id, device };
    else if ("disconnect" in step) yield "disconnect";
    else if ("position" in step) {
      this.#streams = [];
      yield* this.#position(step);
    } else if ("velocity" in step || "forge" in step) {
      this.#streams = [{ step, untilS: step.atS + step.forS, nextS: step.atS }];
    }
  }

  *#repeat(nowS: number): Generator<ClientWish> {
    for (const stream of this.#streams) {
      if (nowS < stream.nextS) continue;
      stream.nextS = nowS + stream.step.repeatMs / 1000;
      if ("velocity" in stream.step) {
        yield* this.#velocity(stream.step.velocity, stream.step.ttlMs, this.#lease);
      } else yield* this.#velocity(stream.step.forge, 1000, { epoch: this.#epoch, sequence: 1 });
    }
    this.#streams = this.#streams.filter((stream) => stream.nextS <= stream.untilS);
  }

  *#velocity(
    velRadPerS: Readonly<Record<string, number>>,
    ttlMs: number,
    lease: { readonly epoch: string; readonly sequence: number } | undefined,
  ): Generator<ClientWish> {
    if (lease === undefined) return;
    yield { ...this.#head(lease), kind: "velocity", ttlMs, velRadPerS };
  }

  *#position(step: Extract<ScenarioStep, { position: unknown }>): Generator<ClientWish> {
    if (this.#lease === undefined) return;
    const { position: posRad, velocityRatio, ttlMs } = step;
    const expiry = ttlMs === undefined ? {} : { ttlMs };
    yield { ...this.#head(this.#lease), kind: "position", posRad, velocityRatio, ...expiry };
  }

  #head(lease: { readonly epoch: string; readonly sequence: number }) {
    this.#seq += 1;
    this.#lastId += 1;
    const id = this.#lastId;
    return { type: "command", id, seq: this.#seq, device: this.#deviceId, lease } as const;
  }
}
