import type { RawData, WebSocket } from "ws";
import type { Clock } from "../contract/clock.ts";
import { parseStreamRequest, WireCode } from "./messages.ts";
import {
  CloseCode,
  closeSocket,
  keepAlive,
  TokenBucket,
  type SocketLimits,
} from "./socket-limits.ts";
import type { StreamHub } from "./stream-hub.ts";
import type { StreamNotice } from "./stream-messages.ts";
import { StreamQueue } from "./stream-queue.ts";

export interface StreamSocketDeps {
  readonly hub: StreamHub;
  readonly clock: Clock;
  readonly limits: SocketLimits;
}

// A stream client asks a few times and then listens.
const maxRequestsPerS = 20;

/** One client of `/v1/stream`: its requests become subscriptions of a queue of its own. */
export function serveStreamSocket(socket: WebSocket, deps: StreamSocketDeps): void {
  const { hub, clock, limits } = deps;
  const queue = new StreamQueue({
    get bufferedBytes() {
      return socket.bufferedAmount;
    },
    send(message, onFlushed) {
      if (socket.readyState === socket.OPEN) socket.send(message, onFlushed);
    },
  });
  const bucket = new TokenBucket(maxRequestsPerS, clock.monotonicMs());
  let badCount = 0;
  hub.attach(queue);

  const tell = (notice: StreamNotice): void => {
    if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(notice));
  };
  const end = (code: WireCode, reason: string): void => {
    tell({ type: "error", code, message: reason });
    closeSocket(socket, CloseCode.Policy, `${code}: ${reason}`);
  };
  // The first subscription is what a hello is on the control socket.
  const helloTimer = setTimeout(() => {
    end(WireCode.HelloTimeout, `no subscribe within ${limits.helloMs} ms`);
  }, limits.helloMs);
  const stopPinging = keepAlive(socket, limits);

  socket.on("message", (data: RawData, isBinary: boolean) => {
    if (socket.readyState !== socket.OPEN) return;
    const bytes = Buffer.isBuffer(data) ? data : Buffer.alloc(0);
    if (isBinary && bytes.length === 0) return;
    if (!bucket.take(clock.monotonicMs())) {
      end(WireCode.Rate, `more than ${maxRequestsPerS} requests/s`);
      return;
    }
    const parsed = parseStreamRequest(isBinary ? "" : bytes.toString("utf8"));
    if (!parsed.ok) {
      tell({ type: "error", ...parsed.problem });
      badCount += 1;
      if (badCount >= limits.maxBadMessages) end(WireCode.Garbage, `${badCount} bad messages`);
      return;
    }
    clearTimeout(helloTimer);
    const request = parsed.message;
    if (request.type === "subscribe") {
      for (const { topic, maxRateHz, aheadMs } of request.topics) {
        queue.subscribe(topic, maxRateHz, aheadMs);
      }
    } else {
      for (const topic of request.topics) queue.unsubscribe(topic);
    }
    hub.noteDemand();
    tell({ type: "subscribed", topics: queue.topics });
  });
  socket.on("error", () => undefined);
  socket.on("close", () => {
    clearTimeout(helloTimer);
    stopPinging();
    hub.detach(queue);
  });
}
