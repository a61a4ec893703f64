import { once } from "node:events";
import { WebSocket } from "ws";

export interface RecordedState {
  /** CLOCK_MONOTONIC ms, the same scale in every process of the machine. */
  readonly stampMs: number;
  readonly posRad: readonly number[];
  readonly velRadPerS: readonly number[];
  readonly setpointRad: readonly number[];
}

/** Keeps every `state` that /v1/stream sends: the device's own account of how it moved. */
export class StateRecorder {
  readonly states: RecordedState[] = [];
  readonly #socket: WebSocket;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("message", (data: Buffer, isBinary: boolean) => {
      if (isBinary) return;
      const message = JSON.parse(data.toString("utf8")) as { topic?: string; data?: RecordedState };
      if (message.topic === "state" && message.data !== undefined) this.states.push(message.data);
    });
  }

  static async open(url: string): Promise<StateRecorder> {
    const socket = new WebSocket(`${url.replace("http", "ws")}/v1/stream`, ["kairos.stream.v1"]);
    const recorder = new StateRecorder(socket);
    await once(socket, "open");
    socket.send(JSON.stringify({ type: "subscribe", topics: [{ topic: "state" }] }));
    await recorder.until(() => recorder.states.length > 0);
    return recorder;
  }

  get last(): RecordedState {
    return this.states.at(-1)!;
  }

  async until(condition: () => boolean, timeoutMs = 10_000): Promise<void> {
    const deadlineMs = performance.now() + timeoutMs;
    while (!condition()) {
      if (performance.now() > deadlineMs) {
        throw new Error(`never became true; last state ${JSON.stringify(this.states.at(-1))}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** States until the device's clock has passed `ms` from the last one. */
  async forMs(ms: number): Promise<readonly RecordedState[]> {
    const from = this.states.length;
    const endMs = this.last.stampMs + ms;
    await this.until(() => this.last.stampMs >= endMs);
    return this.states.slice(from);
  }

  close(): void {
    this.#socket.terminate();
  }
}
