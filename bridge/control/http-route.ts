import type { IncomingMessage } from "node:http";

/** One request that is answered by more than a file. */
export interface HttpRoute {
  readonly method: "GET" | "POST";
  readonly path: string;
  answer(request: IncomingMessage): HttpAnswer | Promise<HttpAnswer>;
}

export interface HttpAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** The token of `Authorization: Bearer` (RFC 6750 section 2.1). Never read from a URL. */
export function bearerOf({ headers }: IncomingMessage): string | undefined {
  return /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i.exec(headers.authorization ?? "")?.[1];
}
