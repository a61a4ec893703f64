/**
 * Where the wanted joints stand in a message. Publishers keep their order, so the answer is kept for
 * as long as the names stay the same: comparing 30 strings costs less than looking up 4.
 */
export class JointColumns {
  /** Column of each wanted joint, in their order; -1 for one that is not there. */
  readonly index: Int32Array;
  readonly #wanted: readonly string[];
  #names: readonly string[] = [];
  #problem: string | undefined = "has no names";

  constructor(wanted: readonly string[]) {
    this.#wanted = wanted;
    this.index = new Int32Array(wanted.length).fill(-1);
  }

  /** Finds every wanted joint among `names`; returns what is wrong, in words. // hot path */
  find(names: readonly string[]): string | undefined {
    if (!isSame(names, this.#names)) {
      this.#names = [...names];
      for (const [at, joint] of this.#wanted.entries()) this.index[at] = names.indexOf(joint);
      this.#problem = this.#describe();
    }
    return this.#problem;
  }

  #describe(): string | undefined {
    const missing = this.#wanted.filter((_, at) => this.index[at] === -1);
    const double = this.#wanted.filter((joint, at) => {
      return this.#names.lastIndexOf(joint) !== this.index[at];
    });
    if (double.length > 0) return `names ${double.join(", ")} more than once`;
    if (missing.length === 0) return undefined;
    const found = this.#names.length === 0 ? "none" : this.#names.slice(0, 12).join(", ");
    return `lacks ${missing.join(", ")}; it has ${found}`;
  }
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  if (one.length !== other.length) return false;
  for (let at = 0; at < one.length; at += 1) if (one[at] !== other[at]) return false;
  return true;
}
