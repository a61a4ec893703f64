/** Which page the server has: another one than this is told of, since old pages may misread new servers. */
export class PageVersion {
  #own: string | undefined;

  /** True once the server serves another page than the one that runs here. */
  async hasChanged(): Promise<boolean> {
    const served = await servedTag();
    if (served === undefined) return false;
    this.#own ??= served;
    return served !== this.#own;
  }
}

/** The page's entity tag, which is one over all of its files; undefined while the server does not answer. */
async function servedTag(): Promise<string | undefined> {
  try {
    const { headers } = await fetch("/", { method: "HEAD", cache: "no-store" });
    return headers.get("etag") ?? "";
  } catch {
    return undefined;
  }
}
