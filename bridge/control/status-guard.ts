import type { IncomingMessage } from "node:http";
import type { ControlSecurity } from "./control-security.ts";
import { bearerOf, type HttpAnswer } from "./http-route.ts";
import { isLoopbackAddress } from "./loopback.ts";

/**
 * Who may read `/healthz` and `/metrics`: this machine (its monitoring has no phone to pair), and from
 * elsewhere whoever has a token. Gives the refusal, if it is one.
 */
export function statusGuard({
  authenticates,
  gatekeeper,
}: ControlSecurity): (request: IncomingMessage) => HttpAnswer | undefined {
  return (request) => {
    const peerAddress = request.socket.remoteAddress ?? "";
    if (!authenticates || isLoopbackAddress(peerAddress)) return undefined;
    const token = bearerOf(request);
    const proof = token === undefined ? {} : { token };
    const who = { endpoint: "stream", role: "viewer", client: "http", peerAddress } as const;
    const verdict = gatekeeper.admit({ ...who, ...proof });
    if (verdict.ok) return undefined;
    const { code, reason } = verdict;
    const body = `${JSON.stringify({ code, message: reason })}\n`;
    return { status: 401, contentType: "application/json", body };
  };
}
