import { homedir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import type { Config } from "../config.ts";
import type { Clock } from "../contract/clock.ts";
import type { Log } from "../contract/log.ts";
import { isLoopbackHost } from "../control/admission.ts";
import { openSecurity, type OpenSecurity } from "../control/security/open-security.ts";

/** Keys, paired clients, codes and the audit log (XDG Base Directory Specification: state). */
export function stateFolder({ security }: Config): string {
  if (security.folder !== "") return security.folder;
  const { XDG_STATE_HOME: base = "" } = process.env;
  return join(base === "" ? join(homedir(), ".local", "state") : base, "kairos-bridge");
}

/** Undefined with `security.auth: off`: then whoever is on this machine is let in, and nobody else. */
export async function openPairing(
  config: Config,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Promise<OpenSecurity | undefined> {
  const { http, security } = config;
  if (security.auth === "off") return undefined;
  return await openSecurity({
    folder: stateFolder(config),
    host: http.host,
    names: security.names,
    tls: security.tls === "on" || (security.tls === "auto" && !isLoopbackHost(http.host)),
    audit: security.audit,
    clock,
    log,
  });
}
