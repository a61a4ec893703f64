const maxLines = 8;
const maxLineLength = 300;
/** Of an uncaught exception or an abort Node prints stacks and its own version after the line that matters. */
const noise = /^(at |\d+: |-----|Node\.js v\d|\^+$|node:internal)/;

/** The last lines a process printed, for the reason why it ended. Bounded, whatever it prints. */
export class LastWords {
  readonly #lines: string[] = [];
  #open = "";

  hear(text: string): void {
    const lines = (this.#open + text).split("\n");
    this.#open = (lines.pop() ?? "").slice(0, maxLineLength);
    for (const line of lines) this.#keep(line);
  }

  /** Empty when nothing was said. */
  get text(): string {
    const last = this.#open.trim();
    return [...this.#lines, ...(last === "" ? [] : [last])].slice(-maxLines).join(" | ");
  }

  #keep(line: string): void {
    const text = line.trim().slice(0, maxLineLength);
    if (text === "" || noise.test(text)) return;
    this.#lines.push(text);
    if (this.#lines.length > maxLines) this.#lines.shift();
  }
}
