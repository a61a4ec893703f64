import type { Frame } from "../../contract/frame.ts";
import type { FaultLine } from "./fault-plan.ts";
import { FaultyLink } from "./faulty-link.ts";

/** A picture that is overtaken comes after the next one. */
const overtakenMs = 60;

/** Pictures on their way from the camera: latest arrived wins. Keeps copies. */
export class FaultyFrames {
  readonly #line: FaultLine;
  readonly #link: FaultyLink<Frame>;
  #offeredSequence = 0;
  #frozen: Frame | undefined;
  #newest: Frame | undefined;

  constructor(line: FaultLine) {
    this.#line = line;
    this.#link = new FaultyLink({ line, overtakenMs, lostDuring: ["dropout"] });
  }

  /** @param frame copied if its sequence is new. */
  offer(frame: Frame, nowMs: number): void {
    if (frame.sequence === this.#offeredSequence) return;
    this.#offeredSequence = frame.sequence;
    this.#link.send(this.#asSeen(frame, nowMs), nowMs);
  }

  /** The newest picture that has arrived. */
  newest(nowMs: number): Frame | undefined {
    this.#link.deliver(nowMs, (frame) => {
      this.#newest = frame;
    });
    return this.#newest;
  }

  #asSeen(frame: Frame, nowMs: number): Frame {
    if (this.#line.strike("freeze", nowMs) === undefined) {
      this.#frozen = { ...frame, rgb: frame.rgb.slice() };
      return this.#frozen;
    }
    const { stampMs, sequence } = frame;
    this.#frozen ??= { ...frame, rgb: frame.rgb.slice() };
    return { ...this.#frozen, stampMs, sequence };
  }
}
