import type { LeaseHolder } from "../client/index.ts";
import { buttonById, elementById, setText } from "./dom.ts";
import { holdingWords } from "./words.ts";

const refreshMs = 250;

/** Who is in control and for how long; take and return. */
export class HoldingStrip {
  #holder: LeaseHolder | null = null;
  #isMine = false;
  #isConnected = false;
  #sinceMs = 0;
  #silentSinceMs: number | undefined;
  #graceMs = 0;

  constructor() {
    setInterval(() => {
      this.#write();
    }, refreshMs);
  }

  /** @param graceMs from when a holder is told silent until its session ends. */
  setConnected(isConnected: boolean, graceMs: number): void {
    this.#isConnected = isConnected;
    this.#graceMs = graceMs;
    if (!isConnected) {
      this.#holder = null;
      this.#silentSinceMs = undefined;
    }
    this.#write();
  }

  setHolder(
    holder: LeaseHolder | null,
    state: { readonly isMine: boolean; readonly stale: boolean },
  ): void {
    if (holder?.session !== this.#holder?.session) this.#sinceMs = performance.now();
    this.#holder = holder;
    this.#isMine = state.isMine;
    this.#silentSinceMs = state.stale ? (this.#silentSinceMs ?? performance.now()) : undefined;
    this.#write();
  }

  #write(): void {
    const nowMs = performance.now();
    const [holder, silentSinceMs] = [this.#holder, this.#silentSinceMs];
    const said = holdingWords({
      holder: holder?.client,
      isMine: this.#isMine,
      heldMs: nowMs - this.#sinceMs,
      silentMs: silentSinceMs === undefined ? undefined : nowMs - silentSinceMs,
      graceMs: this.#graceMs,
    });
    const { text, tone } = this.#isConnected
      ? said
      : ({ text: "Not connected", tone: "none" } as const);
    setText(elementById("owner"), text);
    elementById("holding").dataset["tone"] = tone;
    const isOthers = holder !== null && !this.#isMine;
    const isFree = !isOthers || silentSinceMs !== undefined;
    buttonById("take").hidden = this.#isMine || !isFree;
    buttonById("take").disabled = !this.#isConnected;
    buttonById("force").hidden = !(isOthers && silentSinceMs === undefined);
    buttonById("release").hidden = !this.#isMine;
  }
}
