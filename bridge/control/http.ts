import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { errorText } from "../contract/errors.ts";
import { admitHost, admitOrigin, type AdmissionRules } from "./admission.ts";
import type { HttpAnswer, HttpRoute } from "./http-route.ts";
import { asyncApiText } from "./schema/asyncapi.ts";
import { schemaText } from "./schema/json-schema.ts";
import type { Site } from "./site.ts";

export interface HttpPorts {
  /** Becomes the JSON of `/healthz`. */
  readonly status: () => unknown;
  /** Becomes the text of `/metrics` (Prometheus exposition format 0.0.4). */
  readonly metrics: () => string;
  readonly site: Site;
  readonly rules: AdmissionRules;
  readonly routes: readonly HttpRoute[];
  /** May this request read what the service says of itself? Undefined: yes. */
  readonly refuseStatus: (request: IncomingMessage) => HttpAnswer | undefined;
  /** A client that has not taken its answer by then is cut off, however diligently it reads byte by byte. */
  readonly responseMs: number;
  /** PEM, for `/ca.crt`; absent without TLS. */
  readonly caCertificate?: string;
}

/**
 * GET and HEAD of `/healthz`, `/metrics`, `/v1/schema.json`, `/v1/asyncapi.json`, `/ca.crt` and the page, and the routes
 * given. Everything else is refused.
 */
export function httpListener(ports: HttpPorts): RequestListener {
  return (request, response) => {
    const timer = setTimeout(() => {
      request.socket.destroy();
    }, ports.responseMs);
    response.once("close", () => {
      clearTimeout(timer);
    });
    setSecurityHeaders(request, response, ports);
    const { host, origin } = request.headers;
    const isPost = request.method === "POST";
    const { rules } = ports;
    for (const verdict of [
      admitHost(host, rules.names),
      // Browsers name the page that sends a POST; a plain GET of a page says nothing.
      ...(isPost ? [admitOrigin(origin, host, rules)] : []),
    ]) {
      if (verdict.ok) continue;
      sendText(request, response, verdict.status, verdict.reason);
      return;
    }
    const route = ports.routes.find(
      ({ method, path }) => method === request.method && path === pathOf(request),
    );
    if (route !== undefined) {
      void answerRoute(route, request, response);
      return;
    }
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.setHeader("Allow", "GET, HEAD");
      sendText(request, response, 405, `method is ${request.method ?? "missing"}, expected GET`);
      return;
    }
    try {
      answer(pathOf(request), request, response, ports);
    } catch (error) {
      sendText(request, response, 500, errorText(error));
    }
  };
}

const pathOf = (request: IncomingMessage): string => request.url?.split("?", 1)[0] ?? "/";

async function answerRoute(
  route: HttpRoute,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  response.setHeader("Cache-Control", "no-store");
  let given: HttpAnswer;
  try {
    given = await route.answer(request);
  } catch (error) {
    given = {
      status: 500,
      contentType: "text/plain; charset=utf-8",
      body: `${errorText(error)}\n`,
    };
  }
  // What was left unread of a refused body must not be taken for the next request.
  if (!request.complete) response.setHeader("Connection", "close");
  send(request, response, given.status, given.contentType, given.body);
}

function answer(
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
  ports: HttpPorts,
): void {
  const refused =
    path === "/healthz" || path === "/metrics" ? ports.refuseStatus(request) : undefined;
  if (refused !== undefined) {
    send(request, response, refused.status, refused.contentType, refused.body);
    return;
  }
  if (path === "/ca.crt" && ports.caCertificate !== undefined) {
    send(request, response, 200, "application/x-x509-ca-cert", ports.caCertificate);
    return;
  }
  if (path === "/healthz") {
    response.setHeader("Cache-Control", "no-store");
    send(request, response, 200, "application/json", `${JSON.stringify(ports.status(), plain)}\n`);
    return;
  }
  if (path === "/v1/schema.json") {
    send(request, response, 200, "application/json", schemaText());
    return;
  }
  if (path === "/v1/asyncapi.json") {
    send(request, response, 200, "application/json", asyncApiText());
    return;
  }
  if (path === "/metrics") {
    response.setHeader("Cache-Control", "no-store");
    send(request, response, 200, "text/plain; version=0.0.4; charset=utf-8", ports.metrics());
    return;
  }
  const file = ports.site.files.get(path);
  if (file === undefined) {
    sendText(request, response, 404, "not found");
    return;
  }
  response.setHeader("Cache-Control", "no-cache");
  response.setHeader("ETag", file.etag);
  if (request.headers["if-none-match"] === file.etag) {
    response.writeHead(304).end();
    return;
  }
  send(request, response, 200, file.contentType, file.body);
}

/** No Strict-Transport-Security: with a certificate of our own authority it would lock people out. */
function setSecurityHeaders(
  request: IncomingMessage,
  response: ServerResponse,
  { site, rules }: HttpPorts,
): void {
  const { host: named } = request.headers;
  // Safari before 15.4 does not take a WebSocket as 'self', so the own host is written out.
  const scheme = rules.secure ? "wss" : "ws";
  const host = admitHost(named, rules.names).ok ? ` ${scheme}://${named ?? ""}` : "";
  const policy = [
    "default-src 'none'",
    `script-src 'self' ${site.scriptHashes.join(" ")}`.trimEnd(),
    "style-src 'self'",
    "img-src 'self' blob: data:",
    `connect-src 'self'${host}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ];
  response.setHeader("Content-Security-Policy", policy.join("; "));
  response.setHeader("X-Content-Type-Options", "nosniff");
  response.setHeader("Referrer-Policy", "no-referrer");
  response.setHeader("Cross-Origin-Opener-Policy", "same-origin");
  response.setHeader("Cross-Origin-Resource-Policy", "same-origin");
}

function sendText(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  text: string,
): void {
  send(request, response, status, "text/plain; charset=utf-8", `${text}\n`);
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  contentType: string,
  body: string | Buffer,
): void {
  response.writeHead(status, {
    "Content-Type": contentType,
    "Content-Length": Buffer.byteLength(body),
  });
  response.end(request.method === "HEAD" ? undefined : body);
}

/** Status objects may hold stamps, which JSON has no type for. */
function plain(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}
