import { ControlDesk } from "../control/desk.ts";
import { maxTtlMs, type ClientMessage } from "../control/messages.ts";
import type { ServerMessage } from "../control/server-messages.ts";
import { defaultSocketLimits } from "../control/socket-limits.ts";
import type { Actuation, ActuationCommand } from "../contract/actuation.ts";
import { silentLog } from "../contract/log.ts";
import type { FaultLine, FaultPlan } from "../core/faults/fault-plan.ts";
import { FaultyClock } from "../core/faults/faulty-clock.ts";
import { FaultyLink } from "../core/faults/faulty-link.ts";
import { defaultKeepalive } from "../core/session-clock.ts";
import type { Scenario } from "../../sims/scenario/scenario.ts";
import type { InvariantMonitor } from "./invariant-monitor.ts";
import type { ManualTime } from "./manual-time.ts";
import { ScriptedClient, type ClientWish } from "./scripted-client.ts";

/** A message that is overtaken comes after the next one of a 20 Hz stream. */
const overtakenMs = 60;
const observerId = "observer";

export interface LockstepControlOptions {
  readonly actuation: Actuation;
  readonly clients: Scenario["clients"];
  readonly plan: FaultPlan;
  readonly time: ManualTime;
  readonly monitor: InvariantMonitor;
}

interface Parcel {
  readonly client: ScriptedClient;
  readonly message: ClientMessage;
}

/** The control channel without sockets: scripted clients, a link that fails, and the real desk. */
export class LockstepControl {
  /** Commands the desk let through, and those it refused. */
  readonly counts = { forwarded: 0, refused: 0, stops: 0 };
  readonly #desk: ControlDesk;
  readonly #clients: readonly ScriptedClient[];
  readonly #link: FaultyLink<Parcel>;
  readonly #line: FaultLine;
  readonly #time: ManualTime;
  readonly #monitor: InvariantMonitor;
  readonly #startMs: number;
  #handling: { readonly sessionId: string; readonly sequence: number } | undefined;
  #nextTickMs: number;

  constructor(options: LockstepControlOptions) {
    const { actuation, clients, plan, time, monitor } = options;
    const deviceId = actuation.device.id;
    this.#time = time;
    this.#monitor = monitor;
    this.#startMs = time.nowMs;
    this.#nextTickMs = time.nowMs;
    this.#line = plan.at("control");
    this.#link = new FaultyLink({
      line: this.#line,
      overtakenMs,
      lostDuring: ["dropout"],
      heldDuring: ["freeze"],
    });
    this.#clients = clients.map(
      (script) => new ScriptedClient(script, deviceId, defaultKeepalive.checkInMs),
    );
    this.#desk = new ControlDesk({
      actuations: [this.#watched(actuation)],
      epoch: "lockstep",
      clock: new FaultyClock(time, plan),
      log: silentLog,
      limits: {
        maxMessageBytes: defaultSocketLimits.maxMessageBytes,
        maxMessagesPerS: defaultSocketLimits.maxMessagesPerS,
        maxTtlMs,
      },
    });
    this.#desk.open(
      { id: observerId, role: "viewer", client: observerId },
      {
        send: (message) => {
          this.#observe(message);
        },
        end: () => undefined,
      },
    );
  }

  /** Name of who holds the lease. */
  get owner(): string | null {
    return this.#desk.summary()[0]?.owner?.client ?? null;
  }

  get latched(): boolean {
    return this.#desk.summary()[0]?.latched ?? false;
  }

  /** One turn of the main thread. */
  run(): void {
    const nowMs = this.#time.nowMs;
    const nowS = (nowMs - this.#startMs) / 1000;
    if (this.#line.strikeOnce("disconnect", nowMs) !== undefined) this.sendAllAway("link lost");
    for (const client of this.#clients) {
      for (const wish of client.act(nowS)) this.#carryOut(client, wish, nowMs);
    }
    this.#link.deliver(nowMs, (parcel) => {
      this.#handle(parcel, nowMs);
    });
    if (nowMs < this.#nextTickMs) return;
    this.#nextTickMs = nowMs + defaultKeepalive.checkInMs / 4;
    this.#desk.handle(observerId, { type: "checkin" }, nowMs);
    this.#desk.tick();
  }

  /** Every socket closes. */
  sendAllAway(reason: string): void {
    for (const client of this.#clients) {
      if (!client.isConnected) continue;
      client.isConnected = false;
      this.#desk.close(client.name, reason);
    }
    this.#link.clear();
  }

  #carryOut(client: ScriptedClient, wish: ClientWish, nowMs: number): void {
    const { name, role } = client;
    if (wish === "connect") {
      client.isConnected = true;
      this.#monitor.checkedIn(name, nowMs);
      this.#desk.open({ id: name, role, client: name }, client);
    } else if (wish === "disconnect") {
      client.isConnected = false;
      this.#desk.close(name, "left");
    } else this.#link.send({ client, message: wish }, nowMs);
  }

  #handle({ client, message }: Parcel, nowMs: number): void {
    if (!client.isConnected) return;
    const sessionId = client.name;
    if (message.type === "checkin" || message.type === "lease.retain") {
      this.#monitor.checkedIn(sessionId, nowMs);
    }
    const forwardedBefore = this.counts.forwarded;
    this.#handling = message.type === "command" ? { sessionId, sequence: message.seq } : undefined;
    this.#desk.handle(sessionId, message, nowMs);
    this.#handling = undefined;
    if (message.type === "command" && this.counts.forwarded === forwardedBefore) {
      this.counts.refused += 1;
    }
  }

  #observe(message: ServerMessage): void {
    if (message.type !== "lease") return;
    this.#monitor.ownerIs(message.owner?.session, message.stale, this.#time.nowMs);
  }

  #watched(actuation: Actuation): Actuation {
    const send = (command: ActuationCommand): void => {
      this.#monitor.forwarded(command, this.#handling, this.#time.nowMs);
      if (command.kind === "stop") this.counts.stops += 1;
      else if (command.kind !== "reset") this.counts.forwarded += 1;
      actuation.send(command);
    };
    return {
      device: actuation.device,
      send,
      onEvent: (listener) => {
        actuation.onEvent(listener);
      },
      readStatus: (out) => {
        actuation.readStatus(out);
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }
}
