import { join } from "node:path";
import type { Clock } from "../../contract/clock.ts";
import { errorText } from "../../contract/errors.ts";
import type { Log } from "../../contract/log.ts";
import { noAudit, type AuditLog } from "../../core/audit.ts";
import { inUrl } from "../admission.ts";
import type {
  ControlSecurity,
  ListeningServer,
  ServerCertificate,
  ServerTls,
} from "../control-security.ts";
import { AttemptLimiter, defaultAttemptLimits, type AttemptLimits } from "./attempt-limiter.ts";
import { AuditWriter } from "./audit-writer.ts";
import { Challenges } from "./challenges.ts";
import { loopbackHostNames, serverNames } from "./host-names.ts";
import { KeyProofs } from "./key-proof.ts";
import { LocalCa } from "./local-ca.ts";
import { pairedGatekeeper } from "./paired-gatekeeper.ts";
import { PairedClients } from "./paired-clients.ts";
import { Pairing } from "./pairing.ts";
import type { ServerAddress } from "./pairing-link.ts";
import { PairingOffers } from "./pairing-offers.ts";
import { pairingRoutes } from "./pairing-routes.ts";
import { PrivateFolder } from "./private-folder.ts";
import { lockFolder } from "./service-lock.ts";
import { ServiceNote } from "./service-note.ts";
import { Tickets } from "./tickets.ts";

export interface SecurityOptions {
  /** The state folder: keys, paired clients, codes, the audit log. */
  readonly folder: string;
  /** What the server listens on; decides by which names it is known. */
  readonly host: string;
  /** Further names and addresses people reach it by. */
  readonly names: readonly string[];
  readonly tls: boolean;
  readonly audit: boolean;
  readonly clock: Clock;
  readonly log: Log;
  /** Wall clock, ms since 1970. */
  readonly wallMs?: () => number;
  readonly attempts?: AttemptLimits;
}

export interface OpenSecurity extends ControlSecurity, AsyncDisposable {
  readonly offers: PairingOffers;
  readonly clients: PairedClients;
}

/** How often codes, clients and revocations of the command line are looked for. */
const refreshMs = 1000;
/** Two requests for each connection; a client that reconnects all the time makes about one a second. */
const keyProofLimits: AttemptLimits = { perAddressPerMinute: 240, perMinute: 2400 };
/** How often the certificate is held against the machine's present addresses and its age. */
const renewMs = 60 * 60_000;

/**
 * Authentication by pairing, with everything it keeps in one folder of this user.
 *
 * @throws BridgeError `security/folder` if the folder is not usable, `security/in-use` if another
 * running service has it.
 */
export async function openSecurity(options: SecurityOptions): Promise<OpenSecurity> {
  const { clock, log, host, wallMs = Date.now } = options;
  const folder = await PrivateFolder.open(options.folder);
  const lock = await lockFolder(folder.path);
  const closers: (() => Promise<void>)[] = [
    async () => {
      await lock[Symbol.asyncDispose]();
    },
  ];
  try {
    const names = serverNames(host, options.names);
    const audit = options.audit ? await openAudit(folder.path, { log, wallMs }, closers) : noAudit;
    const clients = await PairedClients.open(await folder.subfolder("clients"));
    const offers = new PairingOffers(await folder.subfolder("offers"), wallMs);
    const ca = options.tls
      ? await LocalCa.open(await folder.subfolder("tls"), names, wallMs)
      : undefined;
    const tls = ca === undefined ? undefined : await openTls(ca, names, options, closers);
    const tickets = new Tickets();
    const gatekeeper = pairedGatekeeper({ clients, tickets, clock, wallMs });
    const fingerprint = ca?.fingerprint ?? "";
    const note = new ServiceNote(folder);
    closers.push(() => note.remove());
    const refresh = setInterval(() => {
      void clients.refresh().catch((error: unknown) => {
        log.error({ text: errorText(error) }, "paired clients cannot be read");
      });
    }, refreshMs);
    closers.push(() => {
      clearInterval(refresh);
      return Promise.resolve();
    });
    let address: ServerAddress = { url: "", addresses: [], fingerprint };
    return {
      authenticates: true,
      gatekeeper,
      audit,
      names,
      offers,
      clients,
      ...(tls === undefined ? {} : { tls }),
      routes(epoch) {
        const challenges = new Challenges();
        const limiter = new AttemptLimiter(options.attempts ?? defaultAttemptLimits, wallMs());
        const shared = { clients, offers, epoch };
        const monotonicMs = (): number => clock.monotonicMs();
        const keyProofs = new KeyProofs({
          ...{ clients, tickets, epoch, fingerprint, monotonicMs },
          challenges: new Challenges(),
          // Nobody guesses a signature: this only keeps a flood from costing much.
          limiter: new AttemptLimiter(keyProofLimits, monotonicMs()),
        });
        const parts = { ...shared, challenges, limiter, fingerprint, audit, wallMs };
        const pairing = new Pairing(parts);
        return pairingRoutes({ ...shared, pairing, keyProofs, gatekeeper, server: () => address });
      },
      async listening(server) {
        address = addressOf(server, names, fingerprint);
        await note.write(address);
      },
      async [Symbol.asyncDispose]() {
        for (const close of closers.splice(0).reverse()) await close();
      },
    };
  } catch (error) {
    for (const close of closers.reverse()) await close();
    throw error;
  }
}

async function openAudit(
  path: string,
  options: { readonly log: Log; readonly wallMs: () => number },
  closers: (() => Promise<void>)[],
): Promise<AuditLog> {
  const writer = await AuditWriter.open(join(path, "audit"), options);
  closers.push(() => writer[Symbol.asyncDispose]());
  return writer;
}

/** The server's certificate, renewed while the server runs. */
async function openTls(
  ca: LocalCa,
  names: readonly string[],
  { host, names: configured, log }: SecurityOptions,
  closers: (() => Promise<void>)[],
): Promise<ServerTls> {
  const listeners: ((certificate: ServerCertificate) => void)[] = [];
  let current = await ca.issue(names);
  const renew = async (): Promise<void> => {
    const next = await ca.issue(serverNames(host, configured));
    if (next.cert === current.cert) return;
    current = next;
    log.info({ names: serverNames(host, configured) }, "the server's certificate was renewed");
    for (const listener of listeners) listener(next);
  };
  const timer = setInterval(() => {
    void renew().catch((error: unknown) => {
      log.error({ text: errorText(error) }, "the server's certificate cannot be renewed");
    });
  }, renewMs);
  closers.push(() => {
    clearInterval(timer);
    return Promise.resolve();
  });
  return {
    certificate: current,
    caCertificate: ca.certificate,
    onRenewed: (listener) => {
      listeners.push(listener);
    },
  };
}

/** The most useful name first: one that others reach, and that stays when addresses change. */
function addressOf(
  { port, secure }: ListeningServer,
  names: readonly string[],
  fingerprint: string,
): ServerAddress {
  const reachable = names.filter((name) => !loopbackHostNames.some((own) => own === name));
  const isStable = (name: string): boolean => name.endsWith(".local");
  const sorted = [...reachable.filter(isStable), ...reachable.filter((name) => !isStable(name))];
  const [first = "localhost", ...addresses] = sorted;
  return { url: `${secure ? "https" : "http"}://${inUrl(first)}:${port}`, addresses, fingerprint };
}
