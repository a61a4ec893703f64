/**
 * Who may talk to the server at all, judged from a request's headers before anything is read.
 * Browsers let any page open a WebSocket to this machine and send its own Origin along
 * (cross-site WebSocket hijacking), and a name that suddenly resolves to 127.0.0.1 carries that
 * name in Host (DNS rebinding): so both are checked against exact lists.
 */
export interface AdmissionRules {
  readonly port: number;
  /** Origins beside the server's own, e.g. `http://localhost:5173` while a page is developed. */
  readonly allowedOrigins: readonly string[];
}

export type Admission =
  | { readonly ok: true }
  | { readonly ok: false; readonly status: 403 | 421; readonly reason: string };

const loopbackNames = ["127.0.0.1", "localhost", "[::1]"];

export function isLoopbackHost(host: string): boolean {
  return loopbackNames.includes(host) || host === "::1";
}

/** Is `Host` a name of this machine's loopback? The port is free: people forward ports over ssh. */
export function admitHost(host: string | undefined): Admission {
  const name = host?.replace(/:\d{1,5}$/, "").toLowerCase();
  if (name !== undefined && loopbackNames.includes(name)) return { ok: true };
  const found = host ?? "missing";
  return { ok: false, status: 421, reason: `Host is ${found}, expected a loopback name` };
}

/**
 * May this Origin open a socket? Exactly the server's own origins, the origin of the very page the
 * request names in Host, and those configured. A missing Origin is a native client: allowed, since the
 * server listens on loopback only.
 */
export function admitOrigin(
  origin: string | undefined,
  host: string | undefined,
  rules: AdmissionRules,
): Admission {
  if (origin === undefined) return { ok: true };
  const own = loopbackNames.map((name) => `http://${name}:${rules.port}`);
  const samePage = host !== undefined && admitHost(host).ok ? [`http://${host}`] : [];
  if ([...own, ...samePage, ...rules.allowedOrigins].includes(origin)) return { ok: true };
  return { ok: false, status: 403, reason: `Origin ${origin.slice(0, 100)} is not allowed` };
}
