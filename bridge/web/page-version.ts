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

/** The script's and the page's entity tags together; undefined while the server does not answer. */
async function servedTag(): Promise<string | undefined> {
  try {
    const answers = await Promise.all(
      ["/", "/web/page.js", "/tokens.css"].map((path) =>
        fetch(path, { method: "HEAD", cache: "no-store" }),
      ),
    );
    return answers.map(({ headers }) => headers.get("etag") ?? "").join();
  } catch {
    return undefined;
  }
}
