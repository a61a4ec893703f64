import type { ValidateFunction } from "ajv/dist/2020.js";
import { WebSocket, type ClientOptions } from "ws";
import { systemClock } from "../../bridge/contract/clock.ts";
import { silentLog } from "../../bridge/contract/log.ts";
import type { ServerMessage } from "../../bridge/control/server-messages.ts";
import {
  openControlServer,
  type ControlServer,
  type ControlServerOptions,
} from "../../bridge/control/server.ts";
import { validatorOf } from "./schema-validator.ts";
import { RecordingActuation } from "./synthetic-actuation.ts";

export interface ControlRig extends AsyncDisposable {
  readonly server: ControlServer;
  readonly actuation: RecordingActuation;
}

/** A control server on a free port over an actuation that only remembers. */
export async function openControlRig(
  options: Partial<ControlServerOptions> = {},
): Promise<ControlRig> {
  const actuation = new RecordingActuation();
  const server = await openControlServer({
    port: 0,
    actuations: [actuation],
    status: () => ({ status: "ok" }),
    metrics: () => "kairos_up 1\n",
    clock: systemClock(),
    log: silentLog,
    ...options,
  });
  return {
    server,
    actuation,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
    },
  };
}

/** Whatever the server says has to be in the schema it publishes. */
const validators: Readonly<Record<string, ValidateFunction>> = {
  "kairos.control.v1": validatorOf("control.fromServer"),
  "kairos.stream.v1": validatorOf("stream.fromServer"),
  "kairos.device.v1": validatorOf("device.fromServer"),
};

type Awaited<T extends ServerMessage["type"]> = Extract<ServerMessage, { type: T }>;

/** A client that speaks raw frames: what the SDK would never send has to be tried too. */
export class RawClient {
  readonly socket: WebSocket;
  readonly messages: ServerMessage[] = [];
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  readonly #check: ((message: unknown) => void) | undefined;
  #violation: string | undefined;
  #cursor = 0;
  #lastAcquireId = 9000;

  constructor(url: string, protocol: string, options: ClientOptions = {}) {
    const said = validators[protocol];
    this.#check =
      said === undefined
        ? undefined
        : (message) => {
            if (said(message)) return;
            this.#violation ??= `${JSON.stringify(message)}: ${JSON.stringify(said.errors)}`;
          };
    this.socket = new WebSocket(url.replace("http", "ws"), [protocol], options);
    this.socket.on("message", (data, isBinary) => {
      if (!isBinary && Buffer.isBuffer(data)) {
        const message = JSON.parse(data.toString("utf8")) as ServerMessage;
        this.#check?.(message);
        this.messages.push(message);
      }
    });
    this.socket.on("error", () => undefined);
    this.closed = new Promise((resolve) => {
      this.socket.once("close", (code, reason) => {
        resolve({ code, reason: reason.toString("utf8") });
      });
    });
  }

  static async control(server: ControlServer, options: ClientOptions = {}): Promise<RawClient> {
    const client = new RawClient(`${server.url}/v1/control`, "kairos.control.v1", options);
    await client.opened();
    return client;
  }

  /** Connected and greeted. */
  static async greeted(
    server: ControlServer,
    role = "supervisor",
    name = role,
  ): Promise<RawClient> {
    const client = await RawClient.control(server);
    client.say({ type: "hello", protocol: "kairos.control.v1", role, client: name });
    await client.next("welcome");
    return client;
  }

  /** @throws Error with the HTTP status if the upgrade was refused. */
  async opened(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.socket.once("open", resolve);
      this.socket.once("error", reject);
    });
  }

  say(message: unknown): void {
    this.socket.send(JSON.stringify(message));
  }

  /** The next message of a type (not yet returned by `next`) that passes `accept`. */
  async next<T extends ServerMessage["type"]>(
    type: T,
    accept: (message: Awaited<T>) => boolean = () => true,
  ): Promise<Awaited<T>> {
    const deadlineMs = performance.now() + 5000;
    while (performance.now() < deadlineMs) {
      if (this.#violation !== undefined) throw new Error(`not in the schema: ${this.#violation}`);
      while (this.#cursor < this.messages.length) {
        const message = this.messages[this.#cursor];
        this.#cursor += 1;
        if (message?.type === type && accept(message as Awaited<T>)) return message as Awaited<T>;
      }
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    throw new Error(`no ${type} came; got ${JSON.stringify(this.messages.slice(-5))}`);
  }

  /** A lease on the rig's device. */
  async acquire(): Promise<{ readonly epoch: string; readonly sequence: number }> {
    this.#lastAcquireId += 1;
    const wanted = this.#lastAcquireId;
    this.say({ type: "lease.acquire", id: wanted, device: "mount0" });
    const reply = await this.next("lease", ({ id }) => id === wanted);
    if (reply.lease === undefined) throw new Error(`refused: ${String(reply.result)}`);
    return reply.lease;
  }
}

/** Waits for something that has no event; five seconds, since the machine may be busy. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const deadlineMs = performance.now() + 5000;
  while (!condition()) {
    if (performance.now() > deadlineMs) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
