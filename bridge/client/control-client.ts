import type { ClientMessage } from "../control/messages.ts";
import type {
  AckMessage,
  LeaseMessage,
  ServerMessage,
  StateMessage,
  WelcomeMessage,
} from "../control/server-messages.ts";
import { ClockSync, type ClockEstimate } from "./clock-sync.ts";
import type { ControlClosed, ControlEvents, ControlLink } from "./control-link.ts";
import { ClientCode, ControlError } from "./errors.ts";
import { LeaseHandle } from "./lease.ts";
import { Listeners } from "./listeners.ts";
import { openSocket, socketOpen, type SocketConstructor, type SocketLike } from "./socket.ts";

const protocol = "kairos.control.v1";

export interface ConnectControlOptions {
  readonly role: "viewer" | "controller" | "supervisor" | "estop";
  /** A name that people who share the device will recognise. */
  readonly client: string;
  readonly token?: string;
  /** Needed on Node 20 only: the `WebSocket` class of the `ws` package. */
  readonly WebSocket?: SocketConstructor;
  readonly timeoutMs?: number;
}

interface Pending {
  readonly settles: (message: AckMessage | LeaseMessage) => boolean;
  readonly reject: (error: ControlError) => void;
}

const defaultTimeoutMs = 5000;
const syncPeriodMs = 1000;

/**
 * Opens a control session. It checks in by itself until `close`; when the program hangs, the
 * check-ins stop with it, and the server stops the device.
 *
 * @param url the server (`http://127.0.0.1:8700`) or its endpoint (`ws://127.0.0.1:8700/v1/control`).
 * @throws ControlError `client/connect`, `client/timeout`, or the server's reason to refuse.
 */
export async function connectControl(
  url: string | URL,
  options: ConnectControlOptions,
): Promise<ControlClient> {
  const { role, client, token, timeoutMs = defaultTimeoutMs } = options;
  const socket = openSocket(url, {
    protocol,
    path: "/v1/control",
    ...(options.WebSocket === undefined ? {} : { WebSocket: options.WebSocket }),
  });
  const hello: ClientMessage = {
    type: "hello",
    protocol,
    role,
    client,
    ...(token === undefined ? {} : { token }),
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
      fail(ClientCode.Connect, `${String(url)} cannot be reached`);
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
  readonly #pending = new Map<number, Pending>();
  readonly #states = new Map<string, StateMessage>();
  readonly #sync = new ClockSync();
  readonly #timers: ReturnType<typeof setInterval>[];
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
    ];
    this.#askTime();
  }

  get isOpen(): boolean {
    return this.#closed === undefined && this.#socket.readyState === socketOpen;
  }

  /** How to read the server's stamps on this machine's `performance.now()`; undefined at first. */
  get clock(): ClockEstimate | undefined {
    return this.#sync.estimate;
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

  async ask<T>(
    message: ClientMessage & { readonly id: number },
    settles: (answer: AckMessage | LeaseMessage) => T | undefined,
    timeoutMs: number | undefined = this.#timeoutMs,
  ): Promise<T> {
    return await new Promise<T>((resolve, reject) => {
      if (!this.send(message)) {
        reject(new ControlError(ClientCode.Closed, this.#closed?.reason ?? "the socket is closed"));
        return;
      }
      const timer =
        timeoutMs === Number.POSITIVE_INFINITY
          ? undefined
          : setTimeout(() => {
              this.#pending.delete(message.id);
              const text = `no answer to ${message.type} within ${timeoutMs} ms`;
              reject(new ControlError(ClientCode.Timeout, text));
            }, timeoutMs);
      this.#pending.set(message.id, {
        settles: (answer) => {
          const value = settles(answer);
          if (value === undefined) return false;
          clearTimeout(timer);
          resolve(value);
          return true;
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      });
    });
  }

  async #request(message: ClientMessage & { readonly id: number }): Promise<void> {
    await this.ask(message, (answer) => (answer.type === "ack" ? true : undefined));
  }

  async #lease(type: "lease.acquire" | "lease.take", device: string): Promise<LeaseHandle> {
    const request = { type, id: this.nextId(), device } as const;
    const lease = await this.ask(request, (answer) =>
      answer.type === "lease" ? answer.lease : undefined,
    );
    const offer = this.welcome.devices.find(({ id }) => id === device);
    if (offer === undefined) throw new ControlError(ClientCode.LeaseLost, `no device ${device}`);
    return new LeaseHandle(this, offer, lease);
  }

  #askTime(): void {
    this.send({ type: "sync", t0Ms: performance.now() });
  }

  #onMessage(message: ServerMessage | undefined): void {
    switch (message?.type) {
      case "sync":
        this.#sync.add(message.t0Ms, message.t1Ms, message.t2Ms, performance.now());
        return;
      case "state":
        this.#states.set(message.device, message);
        this.#listeners.emit("state", message);
        return;
      case "event":
        this.#listeners.emit("event", message);
        return;
      case "lease":
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
    } else if (this.#pending.get(message.id)?.settles(message) === true) {
      this.#pending.delete(message.id);
    }
  }

  #fail(id: number, code: string, reason: string): void {
    this.#pending.get(id)?.reject(new ControlError(code, reason));
    this.#pending.delete(id);
  }

  #onClosed(closed: ControlClosed): void {
    if (this.#closed !== undefined) return;
    this.#closed = closed;
    for (const timer of this.#timers) clearInterval(timer);
    const why = new ControlError(ClientCode.Closed, `${closed.code} ${closed.reason}`);
    for (const pending of this.#pending.values()) pending.reject(why);
    this.#pending.clear();
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
