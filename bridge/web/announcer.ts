import { elementById, setText } from "./dom.ts";

/** Nothing is said more often: a screen reader has to get to the end of a sentence. */
const quietMs = 1200;

let lastMs = Number.NEGATIVE_INFINITY;
let waiting: ReturnType<typeof setTimeout> | undefined;

/** Tells people who listen instead of looking. The newest sentence wins over one that waits. */
export function announce(text: string): void {
  clearTimeout(waiting);
  const sinceMs = performance.now() - lastMs;
  waiting = setTimeout(
    () => {
      lastMs = performance.now();
      setText(elementById("announcement"), text);
    },
    Math.max(0, quietMs - sinceMs),
  );
}
