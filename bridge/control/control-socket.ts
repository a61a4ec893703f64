import { randomUUID } from "node:crypto";
import type { RawData, WebSocket } from "ws";
import type { Clock } from "../contract/clock.ts";
import type { KeepalivePolicy } from "../core/keepalive.ts";
import type { Role } from "../core/roles.ts";
import type { ControlDesk } from "./desk.ts";
import type { Caller, Reception } from "./reception.ts";
import type { Peer } from "./visitor.ts";
import {
  controlProtocol,
  parseClientMessage,
  WireCode,
  type ClientMessage,
  type MessageProblem,
} from "./messages.ts";
import type { ServerMessage } from "./server-messages.ts";
import {
  CloseCode,
  closeSocket,
  keepAlive,
  TokenBucket,
  type SocketLimits,
} from "./socket-limits.ts";

const roles: readonly Role[] = ["viewer", "controller", "supervisor", "estop", "agent"];
/** Roles of the protocol that this server does not offer. */
const laterRoles = ["device"];

export interface ControlSocketDeps {
  readonly desk: ControlDesk;
  readonly reception: Reception;
  readonly caller: Caller;
  /** The server is about to end: clients are told to come back (1012). */
  readonly isClosing: () => boolean;
  readonly clock: Clock;
  readonly limits: SocketLimits;
}

/**
 * One client of `/v1/control`: hello first, then messages to the desk. What cannot be understood is
 * answered, counted, and in the end closes this client alone.
 */
export function serveControlSocket(socket: WebSocket, deps: ControlSocketDeps): void {
  const { desk, clock, limits, reception, caller } = deps;
  const messages = new TokenBucket(limits.maxMessagesPerS, clock.monotonicMs());
  const bytes = new TokenBucket(limits.maxBytesPerS, clock.monotonicMs());
  let leave: (() => void) | undefined;
  let sessionId: string | undefined;
  let badCount = 0;

  const end = (code: string, reason: string, close: CloseCode): void => {
    if (socket.readyState === socket.OPEN) {
      socket.send(JSON.stringify({ type: "error", code, message: reason }));
    }
    if (sessionId !== undefined) desk.close(sessionId, reason);
    closeSocket(socket, close, `${code}: ${reason}`);
  };
  const peer: Peer = {
    send(message: ServerMessage): void {
      if (socket.readyState !== socket.OPEN) return;
      if (socket.bufferedAmount > limits.maxBufferedBytes) {
        end(WireCode.Slow, `${socket.bufferedAmount} bytes unread`, CloseCode.Policy);
        return;
      }
      socket.send(JSON.stringify(message));
    },
    end(code, reason): void {
      end(code, reason, deps.isClosing() ? CloseCode.ServiceRestart : CloseCode.GoingAway);
    },
  };
  const complain = (problem: MessageProblem): void => {
    peer.send({ type: "error", ...problem });
    badCount += 1;
    if (badCount < limits.maxBadMessages) return;
    end(WireCode.Garbage, `${badCount} messages could not be understood`, CloseCode.Policy);
  };

  const helloTimer = setTimeout(() => {
    end(WireCode.HelloTimeout, `no hello within ${limits.helloMs} ms`, CloseCode.Policy);
  }, limits.helloMs);
  const stopPinging = keepAlive(socket, limits);

  const greet = (message: ClientMessage): void => {
    const greeting = readHello(message);
    if (!greeting.ok) {
      complain(greeting.problem);
      return;
    }
    const { role, client, token, keepalive } = greeting;
    const proof = token === undefined ? {} : { token };
    const who = { endpoint: "control", role, client, ...proof } as const;
    const verdict = reception.admit(caller, who, (code, reason) => {
      end(code, reason, CloseCode.Policy);
    });
    if (!verdict.ok) {
      end(verdict.code, verdict.reason, CloseCode.Policy);
      return;
    }
    clearTimeout(helloTimer);
    leave = verdict.leave;
    sessionId = randomUUID();
    const policy = keepalive === undefined ? {} : { keepalive };
    desk.open({ id: sessionId, client, ...policy, ...verdict.credentials }, peer);
  };

  // hot path
  const onMessage = (data: RawData, isBinary: boolean): void => {
    const arrivedMs = clock.monotonicMs();
    if (socket.readyState !== socket.OPEN) return;
    if (!messages.take(arrivedMs)) {
      end(WireCode.Rate, `more than ${limits.maxMessagesPerS} messages/s`, CloseCode.Policy);
      return;
    }
    if (!bytes.take(arrivedMs, lengthOf(data))) {
      end(WireCode.Rate, `more than ${limits.maxBytesPerS} bytes/s`, CloseCode.Policy);
      return;
    }
    const maxBytes = sessionId === undefined ? limits.maxHelloBytes : limits.maxMessageBytes;
    const problem = frameProblem(data, isBinary, maxBytes);
    if (problem === "keepalive") return;
    if (problem !== undefined) {
      complain(problem);
      return;
    }
    const parsed = parseClientMessage(textOf(data));
    if (!parsed.ok) complain(parsed.problem);
    else if (sessionId === undefined) greet(parsed.message);
    else desk.handle(sessionId, parsed.message, arrivedMs);
  };

  socket.on("message", onMessage);
  // Answered by ws; many of them cost as much as many messages.
  socket.on("ping", () => {
    if (socket.readyState !== socket.OPEN || messages.take(clock.monotonicMs())) return;
    end(WireCode.Rate, `more than ${limits.maxMessagesPerS} pings/s`, CloseCode.Policy);
  });
  // ws closes the socket by itself after a protocol error; without a listener it would throw.
  socket.on("error", () => undefined);
  socket.on("close", (code) => {
    clearTimeout(helloTimer);
    stopPinging();
    leave?.();
    if (sessionId !== undefined) desk.close(sessionId, `socket closed (${code})`);
  });
}

function readHello(message: ClientMessage):
  | {
      readonly ok: true;
      readonly role: Role;
      readonly client: string;
      readonly token?: string;
      readonly keepalive?: Partial<KeepalivePolicy>;
    }
  | { readonly ok: false; readonly problem: MessageProblem } {
  if (message.type !== "hello") {
    const found = message.type;
    const text = `first message is ${found}, expected hello`;
    return {
      ok: false,
      problem: { code: WireCode.Hello, message: text, found, expected: "hello" },
    };
  }
  const { protocol, client, role } = message;
  if (protocol !== controlProtocol) {
    const text = `protocol is ${protocol}, expected ${controlProtocol}`;
    return { ok: false, problem: { code: WireCode.Protocol, message: text, path: "protocol" } };
  }
  const known = roles.find((name) => name === role);
  if (known !== undefined) {
    const { token, keepalive } = message;
    return {
      ok: true,
      role: known,
      client,
      ...(token === undefined ? {} : { token }),
      ...(keepalive === undefined ? {} : { keepalive }),
    };
  }
  const expected = `one of ${roles.join(", ")}`;
  if (laterRoles.includes(role)) {
    const text = `role ${role} is not supported yet by this server, expected ${expected}`;
    return { ok: false, problem: { code: WireCode.Unsupported, message: text, path: "role" } };
  }
  const text = `role is ${JSON.stringify(role)}, expected ${expected}`;
  return { ok: false, problem: { code: WireCode.Message, message: text, path: "role", expected } };
}

function frameProblem(
  data: RawData,
  isBinary: boolean,
  maxBytes: number,
): MessageProblem | "keepalive" | undefined {
  const bytes = lengthOf(data);
  // React Native on Android sends its ping as an empty binary frame (react-native#57839). It proves
  // that the socket lives, not that the program does: only `checkin` renews authority.
  if (isBinary && bytes === 0) return "keepalive";
  if (isBinary) {
    const message = `binary frame of ${bytes} bytes, expected JSON text`;
    return { code: WireCode.Binary, message };
  }
  if (bytes <= maxBytes) return undefined;
  const message = `message of ${bytes} bytes, limit is ${maxBytes}`;
  return { code: WireCode.TooLarge, message };
}

const lengthOf = (data: RawData): number => (Buffer.isBuffer(data) ? data.length : 0);

/** With the default `nodebuffer` binary type every message of ws is one Buffer. */
function textOf(data: RawData): string {
  return Buffer.isBuffer(data) ? data.toString("utf8") : "";
}
