import type { ClientMessage, CommandMessage } from "../control/messages.ts";
import type {
  AckMessage,
  DeviceOffer,
  LeaseMessage,
  LeaseTicket,
  ServerMessage,
  StateMessage,
  WelcomeMessage,
} from "../control/server-messages.ts";
import { ClockSync, type ClockEstimate, type ClockExchange } from "./clock-sync.ts";
import type { ControlClosed, ControlEvents, ControlLink, Request } from "./control-link.ts";
import { ClientCode, ControlError } from "./errors.ts";
import { LeaseHandle } from "./lease.ts";
import { Listeners } from "./listeners.ts";
import { Motion } from "./motion.ts";
import { PendingRequests } from "./pending-requests.ts";
import {
  openSocket,
  socketOpen,
  type SocketConstructor,
  type SocketLike,
  type ServerUrl,
} from "./socket.ts";

const protocol = "kairos.control.v1";

export interface ConnectControlOptions {
  /** An `agent` moves only what a lease's owner lends it. */
  readonly role: "viewer" | "controller" | "supervisor" | "estop" | "agent";
  /** A name that people who share the device will recognise. */
  readonly client: string;
  readonly token?: string;
  /** What shall happen when this client falls silent; left out: as the server has it. */
  readonly keepalive?: HelloMessage["keepalive"];
  /** Needed on Node 20 only: the `WebSocket` class of the `ws` package. */
  readonly WebSocket?: SocketConstructor;
  readonly timeoutMs?: number;
}

type HelloMessage = Extract<ClientMessage, { readonly type: "hello" }>;

const defaultTimeoutMs = 5000;
const syncPeriodMs = 1000;
/** The first comparisons come quickly: expiry counts from sending once the clocks are known. */
const firstSyncsMs = [0, 50, 100, 200];

/**
 * Opens a control session. It checks in by itself until `close`; when the program hangs, the
 * check-ins stop with it, and the server stops the device.
 *
 * @param url the server (`http://127.0.0.1:8700`) or its endpoint (`ws://127.0.0.1:8700/v1/control`).
 * @throws ControlError `client/connect`, `client/timeout`, or the server's reason to refuse.
 */
export async function connectControl(
  url: ServerUrl,
  options: ConnectControlOptions,
): Promise<ControlClient> {
  const { role, client, token, keepalive, timeoutMs = defaultTimeoutMs } = options;
  const socket = openSocket(url, {
    protocol,
    path: "/v1/control",
    ...(options.WebSocket === undefined ? {} : { WebSocket: options.WebSocket }),
  });
  const hello: HelloMessage = {
    type: "hello",
    protocol,
    role,
    client,
    ...(token === undefined ? {} : { token }),
    ...(keepalive === undefined ? {} : { keepalive }),
  };
  return await new Promise<ControlClient>((resolve, reject) => {
    const fail = (code: string, reason: string): void => {
      clearTimeout(timer);
      reject(new ControlError(code, reason));
      socket.close();
    };
    const timer = setTimeout(() => {
      fail(ClientCode.Timeout, `no welcome within ${timeoutMs} ms`);
    }, timeoutMs);
    socket.addEventListener("open", () => {
      socket.send(JSON.stringify(hello));
    });
    socket.addEventListener("error", () => {
      fail(ClientCode.Connect, `${typeof url === "string" ? url : url.href} cannot be reached`);
    });
    socket.addEventListener("close", ({ code, reason }) => {
      fail(ClientCode.Connect, `closed with ${code} ${reason}`);
    });
    socket.addEventListener("message", ({ data }) => {
      const message = readMessage(data);
      if (message?.type === "welcome") {
        clearTimeout(timer);
        // Here and not after the promise: what follows in the same packet must find its listeners.
        resolve(new ControlClient(socket, message, timeoutMs));
      } else if (message?.type === "error") fail(message.code, message.message);
    });
  });
}

/** One open control session. Made by `connectControl`. */
export class ControlClient implements ControlLink {
  readonly welcome: WelcomeMessage;
  readonly #socket: SocketLike;
  readonly #timeoutMs: number;
  readonly #listeners = new Listeners<ControlEvents>();
  readonly #pending = new PendingRequests();
  readonly #lent = new Map<string, LeaseHandle>();
  readonly #states = new Map<string, StateMessage>();
  readonly #sync = new ClockSync();
  readonly #timers: ReturnType<typeof setInterval>[];
  #exchange: ClockExchange | undefined;
  #lastId = 0;
  #lastSeq = 0;
  #closed: ControlClosed | undefined;

  constructor(socket: SocketLike, welcome: WelcomeMessage, timeoutMs: number) {
    this.welcome = welcome;
    this.#socket = socket;
    this.#timeoutMs = timeoutMs;
    socket.addEventListener("message", ({ data }) => {
      this.#onMessage(readMessage(data));
    });
    socket.addEventListener("close", ({ code, reason }) => {
      this.#onClosed({ code, reason });
    });
    this.#timers = [
      setInterval(() => {
        this.send({ type: "checkin" });
      }, welcome.keepalive.checkInMs),
      setInterval(() => {
        this.#askTime();
      }, syncPeriodMs),
      ...firstSyncsMs.map((delayMs) =>
        setTimeout(() => {
          this.#askTime();
        }, delayMs),
      ),
    ];
  }

  get isOpen(): boolean {
    return this.#closed === undefined && this.#socket.readyState === socketOpen;
  }

  /** How to read the server's stamps on this machine's `performance.now()`; undefined at first. */
  get clock(): ClockEstimate | undefined {
    return this.#sync.estimate(performance.now());
  }

  /** The newest state of a device, if one came. */
  state(device: string): StateMessage | undefined {
    return this.#states.get(device);
  }

  on<Name extends keyof ControlEvents>(
    name: Name,
    listener: (event: ControlEvents[Name]) => void,
  ): () => void {
    return this.#listeners.on(name, listener);
  }

  /** @throws ControlError `lease/held` while a live client holds the device, `control/role`. */
  async acquire(device: string): Promise<LeaseHandle> {
    return await this.#lease("lease.acquire", device);
  }

  /** By force, away from whoever holds it: a supervisor's right, and the device is stopped first. */
  async take(device: string): Promise<LeaseHandle> {
    return await this.#lease("lease.take", device);
  }

  /**
   * The right to a device that a lease's owner lends to this session, as soon as it does: for role
   * `agent`. Already lent: at once.
   */
  async delegated(device: string): Promise<LeaseHandle> {
    const lent = this.#lent.get(device);
    if (lent?.isHeld === true) return lent;
    return await new Promise<LeaseHandle>((resolve, reject) => {
      const ends = [
        this.on("lease", (message) => {
          const handle = this.#lent.get(device);
          if (message.device !== device || handle?.isHeld !== true) return;
          for (const end of ends) end();
          resolve(handle);
        }),
        this.on("closed", ({ reason }) => {
          for (const end of ends) end();
          reject(new ControlError(ClientCode.Closed, reason));
        }),
      ];
    });
  }

  /** Stops now. Needs no lease; ends the lease of anyone else who was moving the device. */
  async stop(device?: string): Promise<void> {
    await this.#request({ type: "stop", id: this.nextId(), level: "hold", ...only(device) });
  }

  /** Stops and latches: nothing moves until a reset, a new lease and a new command. */
  async estop(device?: string): Promise<void> {
    await this.#request({ type: "stop", id: this.nextId(), level: "estop", ...only(device) });
  }

  /** Leaves the latch. Never moves anything. */
  async reset(device?: string): Promise<void> {
    await this.#request({ type: "reset", id: this.nextId(), ...only(device) });
  }

  /**
   * Brings in the model package at a path of the server's machine, while the present one serves. A
   * supervisor's right. Resolves when it has taken over.
   *
   * @throws ControlError with the package's error; the present model then goes on.
   */
  async useModel(path: string, timeoutMs = 120_000): Promise<void> {
    const request = { type: "model.use", id: this.nextId(), path } as const;
    await this.ask(request, (answer) => (answer.type === "ack" ? true : undefined), timeoutMs);
  }

  /** Leaves; the server stops what this session moved. */
  close(reason = "closed by the client"): void {
    this.#socket.close(1000, reason);
    this.#onClosed({ code: 1000, reason });
  }

  nextSeq(): number {
    this.#lastSeq += 1;
    return this.#lastSeq;
  }

  nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  send(message: ClientMessage): boolean {
    if (!this.isOpen) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  move(command: CommandMessage): Motion {
    const motion = new Motion();
    if (this.send(command)) {
      this.#pending.follow(command.id, motion, () => {
        this.send(command);
      });
    } else motion.fail(this.#closedError());
    return motion;
  }

  async ask<T>(
    request: Request,
    settles: (answer: AckMessage | LeaseMessage) => T | undefined,
    timeoutMs: number | undefined = this.#timeoutMs,
  ): Promise<T> {
    if (!this.send(request)) throw this.#closedError();
    const repeat = (): void => {
      this.send(request);
    };
    const { id, type: name } = request;
    return await this.#pending.ask({ id, name, timeoutMs, repeat }, settles);
  }

  async #request(message: Request): Promise<void> {
    await this.ask(message, (answer) => (answer.type === "ack" ? true : undefined));
  }

  async #lease(type: "lease.acquire" | "lease.take", device: string): Promise<LeaseHandle> {
    const request = { type, id: this.nextId(), device } as const;
    const lease = await this.ask(request, (answer) =>
      answer.type === "lease" ? answer.lease : undefined,
    );
    return new LeaseHandle(this, this.#offer(device), lease);
  }

  #offer(device: string): DeviceOffer {
    const offer = this.welcome.devices.find(({ id }) => id === device);
    if (offer !== undefined) return offer;
    throw new ControlError(ClientCode.Device, `the server's welcome has no device ${device}`);
  }

  #onLent(device: string, ticket: LeaseTicket): void {
    this.#lent.set(device, new LeaseHandle(this, this.#offer(device), ticket));
  }

  #closedError(): ControlError {
    const { code, reason } = this.#closed ?? { code: 1006, reason: "the socket is closed" };
    return new ControlError(ClientCode.Closed, `${code} ${reason}`);
  }

  #askTime(): void {
    const previous = this.#exchange;
    const t0Ms = performance.now();
    // The server learns the offset from the exchange before, so that it can judge the age of commands.
    this.send({ type: "sync", t0Ms, ...(previous === undefined ? {} : { previous }) });
  }

  #onMessage(message: ServerMessage | undefined): void {
    switch (message?.type) {
      case "sync": {
        const { t0Ms, t1Ms, t2Ms } = message;
        this.#exchange = { t0Ms, t1Ms, t2Ms, t3Ms: performance.now() };
        this.#sync.add(this.#exchange);
        return;
      }
      case "state":
        this.#states.set(message.device, message);
        this.#listeners.emit("state", message);
        return;
      case "event":
        this.#listeners.emit("event", message);
        return;
      case "lease":
        // Without an id it was not asked for: somebody lends it.
        if (message.id === undefined && message.lease !== undefined) {
          this.#onLent(message.device, message.lease);
        }
        this.#settle(message);
        this.#listeners.emit("lease", message);
        return;
      case "ack":
        this.#settle(message);
        this.#listeners.emit("ack", message);
        return;
      case "error":
        if (message.id !== undefined) this.#fail(message.id, message.code, message.message);
        this.#listeners.emit("error", message);
        return;
      case "welcome":
      case undefined:
        return;
      default:
        message satisfies never;
    }
  }

  #settle(message: AckMessage | LeaseMessage): void {
    if (message.id === undefined) return;
    if (message.type === "ack" && message.status === "rejected") {
      this.#fail(message.id, message.code ?? "control/message", message.reason ?? "rejected");
    } else if (message.type === "lease" && message.result !== "ok") {
      const owner = message.owner === null ? "nobody" : message.owner.client;
      this.#fail(message.id, message.result ?? "lease/invalid", `device is held by ${owner}`);
    } else this.#pending.hear(message);
  }

  #fail(id: number, code: string, reason: string): void {
    this.#pending.fail(id, new ControlError(code, reason));
  }

  #onClosed(closed: ControlClosed): void {
    if (this.#closed !== undefined) return;
    this.#closed = closed;
    for (const timer of this.#timers) clearInterval(timer);
    this.#pending.failAll(this.#closedError());
    this.#listeners.emit("closed", closed);
  }
}

function only(device: string | undefined): { readonly device?: string } {
  return device === undefined ? {} : { device };
}

function readMessage(data: unknown): ServerMessage | undefined {
  if (typeof data !== "string") return undefined;
  try {
    return JSON.parse(data) as ServerMessage;
  } catch {
    return undefined;
  }
}
