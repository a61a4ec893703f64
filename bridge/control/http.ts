import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { errorText } from "../contract/errors.ts";
import { admitHost } from "./admission.ts";
import { asyncApiText } from "./schema/asyncapi.ts";
import { schemaText } from "./schema/json-schema.ts";
import type { Site } from "./site.ts";

export interface HttpPorts {
  /** Becomes the JSON of `/healthz`. */
  readonly status: () => unknown;
  /** Becomes the text of `/metrics` (Prometheus exposition format 0.0.4). */
  readonly metrics: () => string;
  readonly site: Site;
}

/** GET and HEAD of `/healthz`, `/metrics`, `/v1/schema.json`, `/v1/asyncapi.json` and the page. Everything else is refused. */
export function httpListener(ports: HttpPorts): RequestListener {
  return (request, response) => {
    setSecurityHeaders(request, response, ports.site);
    const host = admitHost(request.headers.host);
    if (!host.ok) {
      sendText(request, response, host.status, host.reason);
      return;
    }
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.setHeader("Allow", "GET, HEAD");
      sendText(request, response, 405, `method is ${request.method ?? "missing"}, expected GET`);
      return;
    }
    const path = request.url?.split("?", 1)[0] ?? "/";
    try {
      answer(path, request, response, ports);
    } catch (error) {
      sendText(request, response, 500, errorText(error));
    }
  };
}

function answer(
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
  ports: HttpPorts,
): void {
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

function setSecurityHeaders(request: IncomingMessage, response: ServerResponse, site: Site): void {
  // Safari before 15.4 does not take a WebSocket as 'self', so the own host is written out.
  const host = admitHost(request.headers.host).ok ? ` ws://${request.headers.host ?? ""}` : "";
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
