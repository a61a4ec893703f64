import { noAudit, type AuditLog } from "../core/audit.ts";
import { loopbackNames } from "./admission.ts";
import { loopbackGatekeeper, type Gatekeeper } from "./gatekeeper.ts";
import type { HttpRoute } from "./http-route.ts";
import { openRoutes } from "./security/pairing-routes.ts";

/** Key and certificate of a server, PEM. */
export interface ServerCertificate {
  readonly key: string;
  readonly cert: string;
}

export interface ServerTls {
  readonly certificate: ServerCertificate;
  /** PEM: what people and programs are asked to trust. */
  readonly caCertificate: string;
  /** The new certificate is for connections from then on. */
  onRenewed(listener: (certificate: ServerCertificate) => void): void;
}

/** A server that listens. */
export interface ListeningServer {
  readonly port: number;
  readonly secure: boolean;
}

/** Who is let in, under which names, and what is kept of it. What the control server needs to know. */
export interface ControlSecurity {
  /** False: nobody proves anything, so only this machine may connect. */
  readonly authenticates: boolean;
  readonly gatekeeper: Gatekeeper;
  readonly audit: AuditLog;
  /** Host names and addresses of the server, without brackets. */
  readonly names: readonly string[];
  readonly tls?: ServerTls;
  /** @param epoch one run of the server. */
  routes(epoch: string): readonly HttpRoute[];
  /** Called once, when the port is known. */
  listening(server: ListeningServer): Promise<void>;
}

/** For a server that only its own machine reaches. */
export const loopbackSecurity: ControlSecurity = {
  authenticates: false,
  gatekeeper: loopbackGatekeeper,
  audit: noAudit,
  names: loopbackNames,
  routes: () => openRoutes,
  listening: () => Promise.resolve(),
};
