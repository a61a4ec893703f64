import { EventEmitter } from "node:events";
import { describe, expect, it } from "vitest";
import type { WebSocket } from "ws";
import { ConfirmedSink } from "../../../bridge/control/confirmed-sink.ts";

/** A socket whose peer answers pings when told to. */
class PingedSocket extends EventEmitter {
  readonly OPEN = 1;
  readyState = 1;
  bufferedAmount = 0;
  readonly pings: Buffer[] = [];
  sentCount = 0;

  send(): void {
    this.sentCount += 1;
  }

  ping(payload: Buffer): void {
    this.pings.push(payload);
  }
}

function open() {
  const socket = new PingedSocket();
  const clock = { nowMs: 0 };
  const sink = new ConfirmedSink(socket as unknown as WebSocket, () => clock.nowMs);
  const flushed = { count: 0 };
  const send = (bytes: number): void => {
    sink.send(new Uint8Array(bytes), () => (flushed.count += 1));
  };
  return { socket, clock, sink, send, flushed };
}

describe("what a peer has taken", () => {
  it("is what its pongs say, not what the kernel took", () => {
    const { socket, sink, send, flushed } = open();
    send(5000);
    send(5000);
    expect(sink.bufferedBytes).toBe(10_000);
    expect(socket.pings).toHaveLength(2);
    socket.emit("pong", socket.pings[0]);
    expect(sink.bufferedBytes).toBe(5000);
    expect(flushed.count).toBe(1);
    // Only the newest of several pings may be answered.
    send(5000);
    socket.emit("pong", socket.pings.at(-1));
    expect(sink.bufferedBytes).toBeLessThanOrEqual(5000);
  });

  it("is at most what the kernel took", () => {
    const { socket, sink } = open();
    socket.bufferedAmount = 70_000;
    expect(sink.bufferedBytes).toBe(70_000);
  });

  it.each([
    ["a pong to no ping of ours", Buffer.alloc(0)],
    [
      "more than was sent",
      (() => {
        const payload = Buffer.alloc(8);
        payload.writeDoubleBE(1e9);
        return payload;
      })(),
    ],
    ["garbage", Buffer.alloc(8, 0xff)],
  ])("is not told by %s", (_, payload) => {
    const { socket, sink, send, flushed } = open();
    send(8000);
    socket.emit("pong", payload);
    expect(sink.bufferedBytes).toBe(8000);
    expect(flushed.count).toBe(0);
  });

  it("is asked for more often on a line that answers late", () => {
    const { socket, clock, send } = open();
    send(5000);
    socket.emit("pong", socket.pings.at(-1));
    for (let count = 0; count < 8; count += 1) send(4096);
    const quick = socket.pings.length;
    clock.nowMs = 5000;
    socket.emit("pong", socket.pings.at(-1));
    for (let count = 0; count < 8; count += 1) send(4096);
    expect(quick).toBe(3);
    expect(socket.pings.length - quick).toBe(8);
  });

  it("sends nothing into a socket that closes", () => {
    const { socket, send } = open();
    socket.readyState = 2;
    send(100);
    expect(socket.sentCount).toBe(0);
  });
});
