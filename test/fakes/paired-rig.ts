import { generateKeyPairSync, sign, type KeyObject } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../bridge/contract/clock.ts";
import { silentLog } from "../../bridge/contract/log.ts";
import {
  openSecurity,
  type OpenSecurity,
  type SecurityOptions,
} from "../../bridge/control/security/open-security.ts";
import type { PairingOffer } from "../../bridge/control/security/pairing-offers.ts";
import {
  codeProof,
  pairingText,
  type PairingContext,
} from "../../bridge/control/security/pairing-proof.ts";
import type { ControlServerOptions } from "../../bridge/control/server.ts";
import type { Role } from "../../bridge/core/roles.ts";
import { openControlRig, type ControlRig } from "./control-rig.ts";

export interface PairedRig extends ControlRig {
  readonly security: OpenSecurity;
  readonly folder: string;
  /** Added to the wall clock. */
  readonly shift: { ms: number };
}

/** A control server that asks for tokens, with a state folder of its own. */
export async function openPairedRig(
  options: Partial<ControlServerOptions> = {},
  wanted: Partial<SecurityOptions> = {},
): Promise<PairedRig> {
  const folder = await mkdtemp(join(tmpdir(), "kairos-sec-"));
  const shift = { ms: 0 };
  const security = await openSecurity({
    folder,
    host: "127.0.0.1",
    names: [],
    tls: false,
    audit: true,
    clock: systemClock(),
    log: silentLog,
    wallMs: () => Date.now() + shift.ms,
    attempts: { perAddressPerMinute: 1000, perMinute: 1000 },
    ...wanted,
  });
  const rig = await openControlRig({ security, ...options });
  return {
    ...rig,
    security,
    folder,
    shift,
    async [Symbol.asyncDispose]() {
      await rig[Symbol.asyncDispose]();
      await security[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export interface HttpReply {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

export type Post = (path: string, body: object, token?: string) => Promise<HttpReply>;

export function poster(url: string): Post {
  return async (path, body, token) => {
    const response = await fetch(`${url}${path}`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify(body),
    });
    return { status: response.status, body: (await response.json()) as HttpReply["body"] };
  };
}

/** A phone as the README of bridge/control/security describes one. */
export class PairingPhone {
  readonly publicKey: string;
  readonly #privateKey: KeyObject;
  readonly #post: Post;
  readonly name: string;

  constructor(post: Post, name = "phone") {
    const { publicKey, privateKey } = generateKeyPairSync("ed25519");
    this.publicKey = publicKey.export({ format: "jwk" }).x ?? "";
    this.#privateKey = privateKey;
    this.#post = post;
    this.name = name;
  }

  async challenge(): Promise<PairingContext> {
    const { body } = await this.#post("/v1/pair/challenge", {});
    const { challenge, epoch, fingerprint } = body as unknown as PairingContext;
    return { challenge, epoch, fingerprint, publicKey: this.publicKey, client: this.name };
  }

  /** What is sent; tests bend it. */
  proof(context: PairingContext, code: string): Record<string, string> {
    const proven = codeProof(code, context);
    const signature = sign(
      null,
      Buffer.from(`${pairingText(context)}\n${proven}`),
      this.#privateKey,
    );
    const { challenge, publicKey, client } = context;
    return {
      challenge,
      publicKey,
      client,
      codeProof: proven,
      signature: signature.toString("base64url"),
    };
  }

  async pair(code: string, wishes: { readonly requireKey?: boolean } = {}): Promise<HttpReply> {
    const proof = this.proof(await this.challenge(), code);
    return await this.#post("/v1/pair/prove", { ...proof, ...wishes });
  }

  /** What is sent for a ticket; tests bend it. */
  async keyProof(keyId: string): Promise<Record<string, string>> {
    const { body } = await this.#post("/v1/auth/challenge", {});
    const { challenge, epoch, fingerprint } = body as unknown as PairingContext;
    const text = ["kairos-bridge session v1", challenge, epoch, fingerprint, keyId].join("\n");
    const signature = sign(null, Buffer.from(text), this.#privateKey).toString("base64url");
    return { keyId, challenge, signature };
  }
}

const dayMs = 86_400_000;

export async function makeOffer(rig: PairedRig, role: Role = "controller"): Promise<PairingOffer> {
  return await rig.security.offers.make({ role, name: "", tokenTtlMs: 30 * dayMs });
}

/** A token from a pairing without incidents. */
export async function pairedToken(
  rig: PairedRig,
  role: Role = "controller",
): Promise<{ readonly token: string; readonly keyId: string }> {
  const { code } = await makeOffer(rig, role);
  const { body } = await new PairingPhone(poster(rig.server.url)).pair(code);
  return { token: String(body["token"]), keyId: String(body["keyId"]) };
}
