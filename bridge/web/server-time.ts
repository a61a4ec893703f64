/** Shown time runs on without news only so far: a page that goes on would claim to know. */
const maxExtrapolationMs = 200;

/** The server's clock as the newest message tells it. */
export class ServerTime {
  #newest: { readonly stampMs: number; readonly heardMs: number } | undefined;

  heard(stampMs: number): void {
    this.#newest = { stampMs, heardMs: performance.now() };
  }

  /** Undefined before anything came. */
  get sinceHeardMs(): number | undefined {
    return this.#newest === undefined ? undefined : performance.now() - this.#newest.heardMs;
  }

  /** On the server's scale; undefined before anything came. */
  get nowMs(): number | undefined {
    const sinceMs = this.sinceHeardMs;
    if (this.#newest === undefined || sinceMs === undefined) return undefined;
    return this.#newest.stampMs + Math.min(sinceMs, maxExtrapolationMs);
  }
}
