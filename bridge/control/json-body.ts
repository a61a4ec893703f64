import type { IncomingMessage } from "node:http";

export type JsonBody =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly status: 400 | 413 | 415; readonly reason: string };

const maxBodyBytes = 4096;

/**
 * The JSON of a short request. Its type has to be application/json: what a page of another site may
 * send without asking first (a form, text) is not. How long it may take is the server's requestTimeout.
 */
export async function readJsonBody(request: IncomingMessage): Promise<JsonBody> {
  const type = request.headers["content-type"]?.split(";", 1)[0]?.trim().toLowerCase();
  if (type !== "application/json") {
    const reason = `Content-Type is ${type ?? "missing"}, expected application/json`;
    return { ok: false, status: 415, reason };
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBodyBytes) {
      return { ok: false, status: 413, reason: `body is over ${maxBodyBytes} bytes` };
    }
    chunks.push(chunk);
  }
  try {
    return { ok: true, value: JSON.parse(Buffer.concat(chunks).toString("utf8")) };
  } catch {
    return { ok: false, status: 400, reason: `body of ${bytes} bytes is not JSON` };
  }
}
