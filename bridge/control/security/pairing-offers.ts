import { randomBytes } from "node:crypto";
import * as z from "zod";
import { roles } from "../../core/roles.ts";
import { newOneTimeCode } from "./one-time-code.ts";
import type { PrivateFolder } from "./private-folder.ts";

const PairingOffer = z.strictObject({
  code: z.string(),
  role: z.enum(roles),
  /** What the new client will be called; empty: as it calls itself. */
  name: z.string().max(64),
  /** Wall clock, ms since 1970: the code works until then. */
  expiresAtMs: z.number(),
  /** The token works for so long from pairing. */
  tokenTtlMs: z.number().positive(),
});
export type PairingOffer = Readonly<z.infer<typeof PairingOffer>>;

export interface FoundOffer {
  readonly offer: PairingOffer;
  readonly state: "open" | "expired" | "used";
  /** For `claim`. */
  readonly file: string;
}

/** Codes are for a person who stands there with the phone in hand. */
export const offerTtlMs = 3 * 60_000;
/** Spent codes are kept a while, so that whoever comes late is told why. */
const rememberedMs = 10 * 60_000;
const maxOffers = 16;
const [openSuffix, usedSuffix] = [".open", ".used"];

/**
 * One-time codes, as files of the state folder. Whoever may write there may let clients in, and that
 * is the whole authority of `kairos-bridge pair`: it needs no socket to the service and no secret.
 */
export class PairingOffers {
  readonly #folder: PrivateFolder;
  readonly #wallMs: () => number;

  constructor(folder: PrivateFolder, wallMs: () => number) {
    this.#folder = folder;
    this.#wallMs = wallMs;
  }

  async make(wanted: Pick<PairingOffer, "role" | "name" | "tokenTtlMs">): Promise<PairingOffer> {
    const nowMs = this.#wallMs();
    const offer = { ...wanted, code: newOneTimeCode(), expiresAtMs: nowMs + offerTtlMs };
    // Names sort by age: when there are too many, the oldest goes.
    const name = `${String(nowMs).padStart(15, "0")}-${randomBytes(6).toString("hex")}`;
    await this.#folder.write(`${name}${openSuffix}`, `${JSON.stringify(offer)}\n`);
    await this.#tidy(nowMs);
    return offer;
  }

  /** Offers that are open, and those that were lately. */
  async all(): Promise<readonly FoundOffer[]> {
    const nowMs = this.#wallMs();
    await this.#tidy(nowMs);
    const found: FoundOffer[] = [];
    for (const file of await this.#folder.names()) {
      const offer = parseOffer(await this.#folder.read(file));
      if (offer === undefined) continue;
      const isUsed = file.endsWith(usedSuffix);
      const leftMs = offer.expiresAtMs - nowMs;
      // More than there ever was: the clock was set back, which must not make a code last longer.
      const isExpired = leftMs <= 0 || leftMs > offerTtlMs;
      const state = isUsed ? "used" : isExpired ? "expired" : "open";
      found.push({ offer, state, file });
    }
    return found;
  }

  /** True for one caller only, in whichever process. */
  async claim({ file }: FoundOffer): Promise<boolean> {
    return await this.#folder.move(file, file.replace(openSuffix, usedSuffix));
  }

  async #tidy(nowMs: number): Promise<void> {
    const names = await this.#folder.names();
    const open = names.filter((name) => name.endsWith(openSuffix));
    const surplus = open.slice(0, Math.max(0, open.length - maxOffers));
    const old = names.filter((name) => Number(name.slice(0, 15)) < nowMs - rememberedMs);
    for (const name of [...surplus, ...old]) await this.#folder.remove(name);
  }
}

function parseOffer(text: string | undefined): PairingOffer | undefined {
  try {
    return text === undefined ? undefined : PairingOffer.parse(JSON.parse(text));
  } catch {
    // Whatever lies there is no code of ours, so it lets nobody in.
    return undefined;
  }
}
