import type { RawData, WebSocket } from "ws";
import type { Clock } from "../contract/clock.ts";
import { ConfirmedSink } from "./confirmed-sink.ts";
import { parseStreamRequest, streamProtocol, WireCode, type StreamRequest } from "./messages.ts";
import type { Caller, Reception } from "./reception.ts";
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
  readonly reception: Reception;
  readonly caller: Caller;
  readonly clock: Clock;
  readonly limits: SocketLimits;
}

// A stream client asks a few times and then listens.
const maxRequestsPerS = 20;

/**
 * One client of `/v1/stream`: who it is, from a hello or the header of its upgrade; then its requests become subscriptions of a
 * queue of its own.
 */
export function serveStreamSocket(socket: WebSocket, deps: StreamSocketDeps): void {
  const { hub, clock, limits, reception, caller } = deps;
  let leave: (() => void) | undefined;
  const sink = new ConfirmedSink(socket, () => clock.monotonicMs());
  const queue = new StreamQueue(sink, (topic) => {
    hub.noteLost(topic);
  });
  const bucket = new TokenBucket(maxRequestsPerS, clock.monotonicMs());
  let badCount = 0;
  hub.attach(queue);

  const tell = (notice: StreamNotice): void => {
    if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(notice));
  };
  const end = (code: string, reason: string): void => {
    tell({ type: "error", code, message: reason });
    closeSocket(socket, CloseCode.Policy, `${code}: ${reason}`);
  };
  /** The first message decides. Without a hello it is whatever the upgrade's header said. */
  const admit = (request: StreamRequest): boolean => {
    const { client = "", token } = request.type === "hello" ? request : {};
    const proof = token === undefined ? {} : { token };
    const who = { endpoint: "stream", role: "viewer", client, ...proof } as const;
    const verdict = reception.admit(caller, who, end);
    if (!verdict.ok) {
      end(verdict.code, verdict.reason);
      return false;
    }
    leave = verdict.leave;
    clearTimeout(helloTimer);
    return true;
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
    const request = parsed.message;
    if (request.type === "hello" && request.protocol !== streamProtocol) {
      end(WireCode.Protocol, `protocol is ${request.protocol}, expected ${streamProtocol}`);
      return;
    }
    if (leave === undefined && !admit(request)) return;
    if (request.type === "hello") return;
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
    leave?.();
    hub.detach(queue);
  });
}
