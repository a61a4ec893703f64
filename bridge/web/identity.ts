import { pairedKey, type PairedKey } from "../client/index.ts";
import type { SessionIdentity } from "./control-session.ts";
import { keyStore } from "./key-store.ts";

type ClientRole = SessionIdentity["role"];

const roles: readonly ClientRole[] = ["viewer", "controller", "supervisor", "estop", "agent"];

/** Who this page is to its server: paired under a name, or whoever sits at this machine. */
export class Identity {
  readonly server: string;
  #isPairedOnly = false;
  #key: PairedKey | undefined;

  constructor(server: string) {
    this.server = server;
  }

  /** Asks the server whether it lets in paired clients only, and looks for an earlier pairing. */
  async load(): Promise<void> {
    this.#isPairedOnly = (await authOf(this.server)) === "paired";
    if (this.#isPairedOnly) this.#key = await pairedKey(this.server, keyStore);
  }

  /** The server knows only paired clients. */
  get isPairedOnly(): boolean {
    return this.#isPairedOnly;
  }

  get needsPairing(): boolean {
    return this.#isPairedOnly && this.#key === undefined;
  }

  get token(): string | undefined {
    return this.#key?.token;
  }

  get keyId(): string | undefined {
    return this.#key?.keyId;
  }

  setKey(key: PairedKey): void {
    this.#key = key;
  }

  forControl(): SessionIdentity {
    const key = this.#key;
    if (key === undefined) return { role: "supervisor", client: "control page" };
    const role = roles.find((name) => name === key.role) ?? "viewer";
    return { role, client: key.name, token: key.token };
  }
}

/** `off` also of a server that does not speak of it. */
async function authOf(server: string): Promise<string> {
  try {
    const answer = await fetch(`${server}/v1/auth`);
    if (!answer.ok) return "off";
    const { auth } = (await answer.json()) as { readonly auth?: string };
    return auth ?? "off";
  } catch {
    return "off";
  }
}
