/**
 * Who may talk to the server at all, judged from a request's headers before anything is read.
 * Browsers let any page open a WebSocket to this machine and send its own Origin along
 * (cross-site WebSocket hijacking), and a name that suddenly resolves to 127.0.0.1 carries that
 * name in Host (DNS rebinding): so both are checked against exact lists.
 */
export interface AdmissionRules {
  readonly port: number;
  /** What this server may be called: host names and addresses, without brackets. */
  readonly names: readonly string[];
  /** Served over TLS: its own origins begin with https. */
  readonly secure: boolean;
  /** Origins beside the server's own, e.g. `http://localhost:5173` while a page is developed. */
  readonly allowedOrigins: readonly string[];
}

export type Admission =
  | { readonly ok: true }
  | { readonly ok: false; readonly status: 403 | 421; readonly reason: string };

/** Names of a server that only its own machine reaches. */
export const loopbackNames = ["127.0.0.1", "localhost", "::1"] as const;

export function isLoopbackHost(host: string): boolean {
  const plain = withoutBrackets(host);
  return loopbackNames.some((name) => name === plain);
}

/** Is `Host` one of the server's names? The port is free: people forward ports over ssh. */
export function admitHost(
  host: string | undefined,
  names: readonly string[] = loopbackNames,
): Admission {
  const name = withoutBrackets(host?.replace(/:\d{1,5}$/, "").toLowerCase() ?? "");
  if (names.includes(name)) return { ok: true };
  const found = host === undefined ? "missing" : host.slice(0, 100);
  const expected = names.length > 3 ? `one of ${names.join(", ")}` : "a loopback name";
  return { ok: false, status: 421, reason: `Host is ${found}, expected ${expected}` };
}

/**
 * May this Origin open a socket? Exactly the server's own origins, the origin of the very page the
 * request names in Host, and those configured. A missing Origin is a native client: allowed, since
 * either the server listens on loopback only, or nothing is done without a token.
 */
export function admitOrigin(
  origin: string | undefined,
  host: string | undefined,
  rules: AdmissionRules,
): Admission {
  if (origin === undefined) return { ok: true };
  const { names, port, secure, allowedOrigins } = rules;
  const scheme = secure ? "https" : "http";
  const own = names.map((name) => `${scheme}://${inUrl(name)}:${port}`);
  const samePage = host !== undefined && admitHost(host, names).ok ? [`${scheme}://${host}`] : [];
  if ([...own, ...samePage, ...allowedOrigins].includes(origin)) return { ok: true };
  return { ok: false, status: 403, reason: `Origin ${origin.slice(0, 100)} is not allowed` };
}

/** As a URL has it: an IPv6 address in brackets. */
export const inUrl = (name: string): string => (name.includes(":") ? `[${name}]` : name);

const withoutBrackets = (name: string): string => name.replace(/^\[(.*)\]$/, "$1");
