import * as z from "zod";
import { BridgeError, ErrorCode } from "../../contract/errors.ts";
import { roles } from "../../core/roles.ts";
import type { PrivateFolder } from "./private-folder.ts";

const PairedClient = z.strictObject({
  keyId: z.string().regex(/^[A-Za-z0-9_-]{12}$/),
  /** For people: whose phone it is. */
  name: z.string().min(1).max(64),
  role: z.enum(roles),
  /** Ed25519, raw, base64url: the key whose possession was proven. */
  publicKey: z.string(),
  /** SHA-256 of the token's secret part, hex: this file opens nothing. */
  secretHash: z.string().regex(/^[0-9a-f]{64}$/),
  /** True: its token alone opens nothing, a fresh proof of the key does. */
  requireKey: z.boolean().exactOptional(),
  createdAtMs: z.number(),
  /** Wall clock, ms since 1970. */
  expiresAtMs: z.number(),
});
export type PairedClient = Readonly<z.infer<typeof PairedClient>>;

const recordSuffix = ".json";
const revokedSuffix = ".revoked";

/**
 * Who is paired: one file per client, and one more that marks it revoked. Nobody rewrites a file of
 * another, so the command line and the running service need no lock between them.
 */
export class PairedClients {
  readonly #folder: PrivateFolder;
  readonly #clients = new Map<string, PairedClient>();
  readonly #revoked = new Set<string>();
  readonly #listeners: ((keyId: string, reason: string) => void)[] = [];

  private constructor(folder: PrivateFolder) {
    this.#folder = folder;
  }

  /** @throws BridgeError `security/folder` if a file is unreadable or not as we write it. */
  static async open(folder: PrivateFolder): Promise<PairedClients> {
    const clients = new PairedClients(folder);
    await clients.refresh();
    return clients;
  }

  find(keyId: string): PairedClient | undefined {
    return this.#clients.get(keyId);
  }

  isRevoked(keyId: string): boolean {
    return this.#revoked.has(keyId);
  }

  list(): readonly (PairedClient & { readonly revoked: boolean })[] {
    return [...this.#clients.values()]
      .map((client) => ({ ...client, revoked: this.isRevoked(client.keyId) }))
      .sort((a, b) => a.createdAtMs - b.createdAtMs);
  }

  /** The token works when this has resolved: it has survived a power cut by then. */
  async add(client: PairedClient): Promise<void> {
    await this.#folder.write(`${client.keyId}${recordSuffix}`, `${JSON.stringify(client)}\n`);
    this.#clients.set(client.keyId, client);
  }

  /** Ends its sessions at once. False if there is no such client. */
  async revoke(keyId: string, reason: string): Promise<boolean> {
    if (!this.#clients.has(keyId)) return false;
    // In memory first: a full disk must not keep a lost phone in power.
    this.#noteRevoked(keyId, reason);
    await this.#folder.write(`${keyId}${revokedSuffix}`, `${reason}\n`);
    return true;
  }

  onRevoked(listener: (keyId: string, reason: string) => void): void {
    this.#listeners.push(listener);
  }

  /** Takes in what another process wrote. Called once a second. */
  async refresh(): Promise<void> {
    // Before the folder is read: a client that is added meanwhile is not in its listing.
    const known = [...this.#clients.keys()];
    const names = await this.#folder.names();
    // Who has to go goes first: a record that cannot be read ends this with an error.
    for (const name of names.filter((file) => file.endsWith(revokedSuffix))) {
      const keyId = name.slice(0, -revokedSuffix.length);
      if (this.#revoked.has(keyId)) continue;
      const reason = (await this.#folder.read(name))?.trim();
      this.#noteRevoked(keyId, reason === undefined || reason === "" ? "revoked" : reason);
    }
    for (const keyId of known) {
      // A record that was deleted by hand is as good as revoked.
      if (names.includes(`${keyId}${recordSuffix}`)) continue;
      this.#noteRevoked(keyId, "its file was removed");
      this.#clients.delete(keyId);
    }
    for (const name of names.filter((file) => file.endsWith(recordSuffix))) {
      const keyId = name.slice(0, -recordSuffix.length);
      if (!this.#clients.has(keyId)) this.#take(name, await this.#folder.read(name));
    }
  }

  #take(name: string, text: string | undefined): void {
    if (text === undefined) return;
    const client = parseClient(text);
    if (client === undefined || `${client.keyId}${recordSuffix}` !== name) {
      throw new BridgeError(
        ErrorCode.SecurityFolder,
        `${this.#folder.path}/${name} is not a record of a paired client; move it away`,
      );
    }
    this.#clients.set(client.keyId, client);
  }

  #noteRevoked(keyId: string, reason: string): void {
    if (this.#revoked.has(keyId)) return;
    this.#revoked.add(keyId);
    for (const listener of this.#listeners) listener(keyId, reason);
  }
}

function parseClient(text: string): PairedClient | undefined {
  try {
    return PairedClient.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
