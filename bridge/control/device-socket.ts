import type { RawData, WebSocket } from "ws";
import type { Clock } from "../contract/clock.ts";
import type { DeviceDesk } from "./device-desk.ts";
import { deviceProtocol, parseDeviceRequest, type DeviceServerMessage } from "./device-messages.ts";
import type { Gatekeeper } from "./gatekeeper.ts";
import { WireCode } from "./messages.ts";
import {
  CloseCode,
  closeSocket,
  keepAlive,
  TokenBucket,
  type SocketLimits,
} from "./socket-limits.ts";

export interface DeviceSocketDeps {
  readonly desk: DeviceDesk;
  readonly gatekeeper: Gatekeeper;
  readonly clock: Clock;
  readonly limits: SocketLimits;
  /** Where the peer is, and what its browser says of the page. */
  readonly peerAddress: string;
  readonly origin?: string | undefined;
}

/** Telemetry at its fastest, with answers to clock questions. */
const maxMessagesPerS = 1100;
/** More than a setpoint or two that have not left yet: what follows would come late. */
const congestedBytes = 1024;

/**
 * One agent of `/v1/device`: hello, then an offer, then telemetry for as long as it moves the device.
 * Agents are programs, so the first message that cannot be understood ends the session.
 */
export function serveDeviceSocket(socket: WebSocket, deps: DeviceSocketDeps): void {
  const { desk, gatekeeper, clock, limits } = deps;
  const bucket = new TokenBucket(maxMessagesPerS, clock.monotonicMs());
  let session: string | undefined;

  const send = (message: DeviceServerMessage): void => {
    if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(message));
  };
  const end = (code: string, reason: string): void => {
    send({ type: "error", code, message: reason });
    if (session !== undefined) desk.close(session, reason);
    closeSocket(socket, CloseCode.Policy, `${code}: ${reason}`);
  };
  /** What a device sends wrongly is a fault of the device, so its seat hears of it first. */
  const endAsFault = (code: string, reason: string): void => {
    if (session === undefined) end(code, reason);
    else desk.fail(session, reason);
  };
  const helloTimer = setTimeout(() => {
    end(WireCode.HelloTimeout, `no hello within ${limits.helloMs} ms`);
  }, limits.helloMs);
  const stopPinging = keepAlive(socket, limits);

  const greet = (client: string, token: string | undefined): void => {
    const verdict = gatekeeper.admit({
      endpoint: "device",
      peerAddress: deps.peerAddress,
      role: "device",
      client,
      ...(deps.origin === undefined ? {} : { origin: deps.origin }),
      ...(token === undefined ? {} : { token }),
    });
    if (!verdict.ok) {
      end(verdict.code, verdict.reason);
      return;
    }
    clearTimeout(helloTimer);
    session = desk.open({
      client,
      subject: verdict.credentials.subject,
      get congested() {
        return socket.bufferedAmount > congestedBytes;
      },
      send,
      end,
    });
  };

  // hot path
  socket.on("message", (data: RawData, isBinary: boolean) => {
    const arrivedMs = clock.monotonicMs();
    if (socket.readyState !== socket.OPEN) return;
    const bytes = Buffer.isBuffer(data) ? data : Buffer.alloc(0);
    // React Native on Android pings with an empty binary frame (react-native#57839).
    if (isBinary && bytes.length === 0) return;
    if (!bucket.take(arrivedMs)) {
      endAsFault(WireCode.Rate, `more than ${maxMessagesPerS} messages/s`);
      return;
    }
    if (isBinary || bytes.length > limits.maxMessageBytes) {
      endAsFault(WireCode.Message, `message of ${bytes.length} bytes, expected short JSON text`);
      return;
    }
    const parsed = parseDeviceRequest(bytes.toString("utf8"));
    if (!parsed.ok) endAsFault(parsed.problem.code, parsed.problem.message);
    else if (session !== undefined) desk.handle(session, parsed.message, arrivedMs);
    else if (parsed.message.type !== "hello") {
      end(WireCode.Hello, `first message is ${parsed.message.type}, expected hello`);
    } else if (parsed.message.protocol !== deviceProtocol) {
      const found = parsed.message.protocol;
      end(WireCode.Protocol, `protocol is ${found}, expected ${deviceProtocol}`);
    } else greet(parsed.message.client, parsed.message.token);
  });
  socket.on("error", () => undefined);
  socket.on("close", (code) => {
    clearTimeout(helloTimer);
    stopPinging();
    if (session !== undefined) desk.close(session, `socket closed (${code})`);
  });
}
