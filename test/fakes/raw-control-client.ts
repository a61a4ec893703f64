import { once } from "node:events";
import { WebSocket } from "ws";

export type Message = Record<string, unknown> & { readonly type: string };

/** A plain WebSocket client of /v1/control: JSON in, JSON out, none of our SDK. */
export class RawControlClient {
  readonly socket: WebSocket;
  readonly received: Message[] = [];
  #seq = 0;
  #id = 0;
  #lease: unknown;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on("message", (data: Buffer) => {
      this.received.push(JSON.parse(data.toString("utf8")) as Message);
    });
  }

  static async open(url: string, role = "controller", name = "raw"): Promise<RawControlClient> {
    const socket = new WebSocket(`${url.replace("http", "ws")}/v1/control`, ["kairos.control.v1"]);
    const client = new RawControlClient(socket);
    await once(socket, "open");
    client.send({ type: "hello", protocol: "kairos.control.v1", role, client: name });
    await client.wait((message) => message.type === "welcome");
    return client;
  }

  send(message: object): void {
    this.socket.send(JSON.stringify(message));
  }

  /** First message so far or to come for which `matches` is true. */
  async wait(matches: (message: Message) => boolean, timeoutMs = 5000): Promise<Message> {
    const deadlineMs = performance.now() + timeoutMs;
    for (;;) {
      const found = this.received.find(matches);
      if (found !== undefined) return found;
      if (performance.now() > deadlineMs) {
        throw new Error(`no such message; received ${JSON.stringify(this.received.slice(-10))}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  async acquire(type: "lease.acquire" | "lease.take" = "lease.acquire"): Promise<Message> {
    const id = (this.#id += 1);
    this.send({ type, id, device: "mount0" });
    const reply = await this.wait((message) => message.type === "lease" && message["id"] === id);
    this.#lease = reply["lease"];
    return reply;
  }

  /** Sends a command under the lease held (or a made-up one) and gives its id. */
  command(fields: object): number {
    const id = (this.#id += 1);
    this.#seq += 1;
    const lease = this.#lease ?? { epoch: "none", sequence: 1 };
    this.send({ type: "command", id, seq: this.#seq, device: "mount0", lease, ...fields });
    return id;
  }

  async ack(id: number, status: string, timeoutMs = 5000): Promise<Message> {
    return await this.wait(
      (message) => message.type === "ack" && message["id"] === id && message["status"] === status,
      timeoutMs,
    );
  }

  /** Checks in every 200 ms until closed. */
  keepAlive(): this {
    const timer = setInterval(() => {
      this.send({ type: "checkin" });
    }, 200);
    this.socket.once("close", () => {
      clearInterval(timer);
    });
    return this;
  }

  close(): void {
    this.socket.terminate();
  }
}
