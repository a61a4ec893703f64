import type {
  DeviceAccepted,
  DeviceRequest,
  DeviceServerMessage,
  DeviceWelcome,
  OfferInput,
  SetpointMessage,
} from "../control/device-messages.ts";
import { ClientCode, ControlError } from "./errors.ts";
import { Listeners } from "./listeners.ts";
import { watchVisibility } from "./presence.ts";
import { Backoff } from "./backoff.ts";
import {
  openSocket,
  socketOpen,
  type SocketConstructor,
  type SocketLike,
  type ServerUrl,
} from "./socket.ts";

const protocol = "kairos.device.v1";

/** An axis as an agent offers it. */
export type AgentAxis = OfferInput["axes"][number];

/** Where the device shall be, in the order of the offered axes. */
export interface AgentSetpoint {
  readonly seq: number;
  readonly posRad: readonly number[];
  readonly velRadPerS: readonly number[];
  /** How old it was when it came; 0 while the clocks are not compared yet. */
  readonly ageMs: number;
}

/** What the device does, in the order of the offered axes. */
export interface DeviceReading {
  readonly posRad: readonly number[];
  readonly velRadPerS: readonly number[];
  readonly effortNm?: readonly number[];
  readonly axes?: readonly {
    readonly enabled: boolean;
    readonly limit: "none" | "negative" | "positive" | "soft";
  }[];
  /** What is wrong with the device; any of them stops it. */
  readonly faults?: readonly string[];
  readonly batteryRatio?: number;
  /** When it was read, `performance.now()`; left out: now. */
  readonly stampMs?: number;
}

export interface DeviceAgentOptions {
  /** A name that people who share the device will recognise. */
  readonly client: string;
  readonly token?: string;
  /** Which device of the server; left out: its only one. */
  readonly device?: string;
  /** What moves, for people. */
  readonly model?: string;
  /** What the device allows, or how that follows from what is configured; left out: just that. */
  readonly axes?:
    readonly AgentAxis[] | ((configured: readonly AgentAxis[]) => readonly AgentAxis[]);
  readonly modes?: readonly ("hold" | "limp")[];
  /** How often `read` is asked and sent. */
  readonly telemetryRateHz?: number;
  readonly setpointRateHz?: number;
  /** The joints as they are now; undefined: nothing to tell this time. */
  readonly read: () => DeviceReading | undefined;
  /** Go there. Called for setpoints that are fresh only, newest last. */
  readonly onSetpoint: (setpoint: AgentSetpoint) => void;
  /** Hold where you are: told to, or no setpoint came in time, or the connection is gone. */
  readonly onHold: (reason: string) => void;
  /** Power the drives, or let them go limp. */
  readonly onEnable?: (enabled: boolean) => void;
  /** Needed on Node 20 only: the `WebSocket` class of the `ws` package. */
  readonly WebSocket?: SocketConstructor;
  /** Longest wait between attempts to come back. */
  readonly maxBackoffMs?: number;
}

export interface DeviceAgentEvents {
  /** The offer fits; these limits hold from now on. */
  readonly accepted: DeviceAccepted;
  /** The connection is gone, or was refused with a `code`; tried again by itself. */
  readonly lost: { readonly code: string; readonly reason: string; readonly retryInMs: number };
  /** Whether it follows setpoints. */
  readonly moving: boolean;
}

const defaultRateHz = 50;

/**
 * Moves a device for a bridge: offers it, hands over setpoints while they are fresh, sends telemetry,
 * and holds the device by itself when nothing fresh comes. Comes back after a loss with a new offer,
 * which moves nothing: the bridge then needs a reset, and its client a new lease and a new command.
 *
 * @param url the server (`http://127.0.0.1:8700`) or its endpoint (`ws://127.0.0.1:8700/v1/device`).
 */
export function connectDeviceAgent(url: ServerUrl, options: DeviceAgentOptions): DeviceAgent {
  return new DeviceAgent(url, options);
}

/** Made by `connectDeviceAgent`. */
export class DeviceAgent {
  readonly #url: ServerUrl;
  readonly #options: DeviceAgentOptions;
  readonly #listeners = new Listeners<DeviceAgentEvents>();
  readonly #backoff: Backoff;
  readonly #endWatch: () => void;
  #socket: SocketLike | undefined;
  #accepted: DeviceAccepted | undefined;
  #refusal: { readonly code: string; readonly reason: string } | undefined;
  #offsetMs: number | undefined;
  #telemetryTimer: ReturnType<typeof setInterval> | undefined;
  #expiry: ReturnType<typeof setTimeout> | undefined;
  #following = false;
  #lastSeq = 0;
  #telemetrySeq = 0;
  #lateCount = 0;
  #closed = false;

  constructor(url: ServerUrl, options: DeviceAgentOptions) {
    this.#url = url;
    this.#options = options;
    this.#backoff = new Backoff(options.maxBackoffMs);
    this.#open();
    // A hidden page's timers run once a second or not at all: it can neither tell nor stop in time.
    this.#endWatch = watchVisibility((visible) => {
      if (visible) this.#open();
      else this.#leave("the page is hidden");
    });
  }

  /** The offer stands: setpoints may come. */
  get isAccepted(): boolean {
    return this.#accepted !== undefined;
  }

  /** Setpoints that came after their time and moved nothing. */
  get lateCount(): number {
    return this.#lateCount;
  }

  on<Name extends keyof DeviceAgentEvents>(
    name: Name,
    listener: (event: DeviceAgentEvents[Name]) => void,
  ): () => void {
    return this.#listeners.on(name, listener);
  }

  /** Holds the device and leaves for good. */
  close(reason = "closed by the agent"): void {
    this.#closed = true;
    this.#endWatch();
    this.#leave(reason);
  }

  #open(): void {
    if (this.#closed || this.#socket !== undefined) return;
    this.#backoff.cancel();
    const { WebSocket, client, token } = this.#options;
    const socket = openSocket(this.#url, {
      protocol,
      path: "/v1/device",
      ...(WebSocket === undefined ? {} : { WebSocket }),
    });
    this.#socket = socket;
    socket.addEventListener("open", () => {
      const who = { client, ...(token === undefined ? {} : { token }) };
      this.#send({ type: "hello", protocol, role: "device", ...who });
    });
    socket.addEventListener("message", ({ data }) => {
      if (this.#socket === socket) this.#onMessage(readMessage(data));
    });
    socket.addEventListener("error", () => undefined);
    socket.addEventListener("close", ({ code, reason }) => {
      if (this.#socket === socket) this.#onGone(`${code} ${reason}`.trim());
    });
  }

  #leave(reason: string): void {
    this.#backoff.cancel();
    const socket = this.#socket;
    this.#reset(reason);
    socket?.close(1000, reason);
  }

  #onGone(reason: string): void {
    const why = this.#refusal ?? { code: ClientCode.Closed, reason };
    this.#reset(why.reason);
    const retryInMs = this.#backoff.again(() => {
      this.#open();
    });
    this.#listeners.emit("lost", { ...why, retryInMs });
  }

  #reset(reason: string): void {
    this.#socket = undefined;
    this.#accepted = undefined;
    this.#refusal = undefined;
    this.#offsetMs = undefined;
    this.#lastSeq = 0;
    clearInterval(this.#telemetryTimer);
    this.#hold(reason);
  }

  #onMessage(message: DeviceServerMessage | undefined): void {
    const nowMs = performance.now();
    switch (message?.type) {
      case "welcome":
        this.#offer(message);
        return;
      case "accepted":
        this.#begin(message);
        return;
      case "setpoint":
        this.#follow(message, nowMs);
        return;
      case "stop":
        this.#hold(message.reason);
        return;
      case "enable":
        this.#options.onEnable?.(message.enabled);
        return;
      case "sync":
        this.#send({ type: "sync", t0Ms: message.t0Ms, t1Ms: nowMs, t2Ms: performance.now() });
        return;
      case "clock":
        this.#offsetMs = message.offsetMs;
        return;
      case "error":
        this.#refusal = { code: message.code, reason: message.message };
        return;
      case undefined:
        return;
      default:
        message satisfies never;
    }
  }

  #offer({ devices }: DeviceWelcome): void {
    const { device, axes, model, modes, telemetryRateHz, setpointRateHz } = this.#options;
    const chosen = device === undefined ? devices[0] : devices.find(({ id }) => id === device);
    if (chosen === undefined || (device === undefined && devices.length > 1)) {
      const known = devices.map(({ id }) => id).join(", ");
      this.#refusal = {
        code: ClientCode.Device,
        reason: `device is ${device ?? "not named"}, expected one of ${known}`,
      };
      this.#socket?.close(1000, "no such device");
      return;
    }
    this.#send({
      type: "offer",
      device: chosen.id,
      axes: [...(typeof axes === "function" ? axes(chosen.axes) : (axes ?? chosen.axes))],
      modes: [...(modes ?? ["hold"])],
      telemetryRateHz: telemetryRateHz ?? defaultRateHz,
      setpointRateHz: setpointRateHz ?? defaultRateHz,
      ...(model === undefined ? {} : { model }),
    });
  }

  #begin(accepted: DeviceAccepted): void {
    this.#accepted = accepted;
    this.#backoff.reset();
    this.#options.onEnable?.(true);
    this.#listeners.emit("accepted", accepted);
    this.#tell();
    this.#telemetryTimer = setInterval(
      () => {
        this.#tell();
      },
      1000 / (this.#options.telemetryRateHz ?? defaultRateHz),
    );
  }

  #follow(message: SetpointMessage, nowMs: number): void {
    if (message.seq <= this.#lastSeq) return;
    const { seq, posRad, velRadPerS, stampMs, ttlMs } = message;
    const ageMs = this.#offsetMs === undefined ? 0 : Math.max(0, nowMs + this.#offsetMs - stampMs);
    this.#lastSeq = seq;
    // It waited in a queue on the way; what follows it may be fresh.
    if (ageMs >= ttlMs) {
      this.#lateCount += 1;
      return;
    }
    clearTimeout(this.#expiry);
    this.#expiry = setTimeout(() => {
      this.#hold(`no setpoint for ${ttlMs} ms`);
    }, ttlMs - ageMs);
    if (!this.#following) {
      this.#following = true;
      this.#listeners.emit("moving", true);
    }
    this.#options.onSetpoint({ seq, posRad, velRadPerS, ageMs });
  }

  #hold(reason: string): void {
    clearTimeout(this.#expiry);
    if (!this.#following) return;
    this.#following = false;
    this.#options.onHold(reason);
    this.#listeners.emit("moving", false);
  }

  #tell(): void {
    const reading = this.#options.read();
    if (reading === undefined) return;
    this.#telemetrySeq += 1;
    const { posRad, velRadPerS, effortNm, axes, faults, ...rest } = reading;
    this.#send({
      type: "telemetry",
      seq: this.#telemetrySeq,
      stampMs: performance.now(),
      posRad: [...posRad],
      velRadPerS: [...velRadPerS],
      ...(effortNm === undefined ? {} : { effortNm: [...effortNm] }),
      ...(axes === undefined ? {} : { axes: [...axes] }),
      ...(faults === undefined ? {} : { faults: [...faults] }),
      ...(this.#lastSeq === 0 ? {} : { setpointSeq: this.#lastSeq }),
      ...rest,
    });
  }

  #send(message: DeviceRequest): void {
    if (this.#socket?.readyState === socketOpen) this.#socket.send(JSON.stringify(message));
  }
}

/** Resolves when an agent is accepted. @throws ControlError why it was refused the first time. */
export async function whenAccepted(agent: DeviceAgent): Promise<void> {
  if (agent.isAccepted) return;
  await new Promise<void>((resolve, reject) => {
    const ends = [
      agent.on("accepted", () => {
        for (const end of ends) end();
        resolve();
      }),
      agent.on("lost", ({ code, reason }) => {
        for (const end of ends) end();
        reject(new ControlError(code, reason));
      }),
    ];
  });
}

function readMessage(data: unknown): DeviceServerMessage | undefined {
  if (typeof data !== "string") return undefined;
  try {
    return JSON.parse(data) as DeviceServerMessage;
  } catch {
    return undefined;
  }
}
