import { InvalidArgumentError, Option, type Command } from "commander";
import type { Config } from "../config.ts";
import { BridgeError, ErrorCode } from "../contract/errors.ts";
import { PairedClients } from "../control/security/paired-clients.ts";
import { pairingLink } from "../control/security/pairing-link.ts";
import { PairingOffers } from "../control/security/pairing-offers.ts";
import { defaultTokenDays, maxTokenDays } from "../control/security/pairing-requests.ts";
import { PrivateFolder } from "../control/security/private-folder.ts";
import { qrForTerminal } from "../control/security/qr-code.ts";
import { ServiceNote } from "../control/security/service-note.ts";
import { roles, type Role } from "../core/roles.ts";
import { stateFolder } from "../parts/security.ts";
import { table } from "./table.ts";

export interface PairDeps {
  /** Adds --config and its like. */
  readonly withConfig: (command: Command) => Command;
  readonly configOf: (flags: { readonly config?: string }) => Config;
  readonly print: (text: string) => void;
}

interface PairFlags {
  readonly config?: string;
  readonly role: Role;
  readonly name?: string;
  readonly expires: number;
}

const dayMs = 86_400_000;

/**
 * `kairos-bridge pair`: lets a client in. It only writes a code into the service's state folder, so
 * whoever may write there may do it, also before the service runs; nothing listens for it.
 */
export function addPairCommand(program: Command, deps: PairDeps): void {
  const { withConfig, configOf, print } = deps;
  const pair = withConfig(program.command("pair"))
    .description("let a client in: shows a QR code with a code that works once, for three minutes")
    .addOption(new Option("--role <role>", "what it may do").choices(roles).default("controller"))
    .option("--name <name>", "what to call it; left out: as it calls itself")
    .option("--expires <days>", `how long it is let in, e.g. 30d`, days, defaultTokenDays)
    .action(async (flags: PairFlags) => {
      print(await offer(await openFolder(configOf(flags)), flags));
    });
  withConfig(pair.command("list"))
    .description("who is paired")
    .action(async (_flags: object, command: Command) => {
      print(await list(await openFolder(configOf(command.optsWithGlobals()))));
    });
  withConfig(pair.command("revoke").argument("<key-id>", "see pair list"))
    .description("let it in no more; its sessions end within a second, and what they move stops")
    .action(async (keyId: string, _flags: object, command: Command) => {
      await revoke(await openFolder(configOf(command.optsWithGlobals())), keyId);
      print(`${keyId} is revoked`);
    });
}

async function openFolder(config: Config): Promise<PrivateFolder> {
  if (config.security.auth === "paired") return await PrivateFolder.open(stateFolder(config));
  throw new BridgeError(
    ErrorCode.ConfigInvalid,
    "security.auth is off, expected paired: there is nothing to pair with",
  );
}

async function offer(folder: PrivateFolder, flags: PairFlags): Promise<string> {
  const server = await new ServiceNote(folder).read();
  if (server === undefined) {
    const text = `no service runs with ${folder.path}, expected one: start it first`;
    throw new BridgeError(ErrorCode.SecurityFolder, text);
  }
  const offers = new PairingOffers(await folder.subfolder("offers"), Date.now);
  const { role, name = "", expires } = flags;
  const made = await offers.make({ role, name, tokenTtlMs: expires * dayMs });
  const link = pairingLink(server, made);
  const pinned = server.fingerprint === "" ? [] : [`CA SHA-256  ${server.fingerprint}`];
  return [
    qrForTerminal(link),
    "",
    `code        ${made.code}   (until ${new Date(made.expiresAtMs).toLocaleTimeString()}, once)`,
    `server      ${server.url}`,
    ...pinned,
    `lets in     a ${role}${name === "" ? "" : ` called ${name}`} for ${expires} days`,
    `link        ${link}`,
  ].join("\n");
}

async function list(folder: PrivateFolder): Promise<string> {
  const clients = await PairedClients.open(await folder.subfolder("clients"));
  const rows = clients.list().map(({ keyId, role, name, expiresAtMs, revoked }) => {
    const until = new Date(expiresAtMs).toISOString().slice(0, 16);
    const state = revoked ? "revoked" : expiresAtMs <= Date.now() ? "expired" : "paired";
    return [keyId, role, state, until, name];
  });
  return rows.length === 0
    ? "nobody is paired"
    : table(["key id", "role", "state", "until", "name"], rows);
}

async function revoke(folder: PrivateFolder, keyId: string): Promise<void> {
  const clients = await PairedClients.open(await folder.subfolder("clients"));
  if (await clients.revoke(keyId, "revoked on the command line")) return;
  const text = `no client ${keyId} is paired, expected a key id of kairos-bridge pair list`;
  throw new BridgeError(ErrorCode.SecurityFolder, text);
}

function days(text: string): number {
  const value = Number(/^(\d+(?:\.\d+)?)d?$/.exec(text)?.[1]);
  if (value > 0 && value <= maxTokenDays) return value;
  throw new InvalidArgumentError(`expected days, at most ${maxTokenDays}d.`);
}
