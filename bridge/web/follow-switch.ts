import type { FollowEnd, FollowStream, LeaseHandle } from "../client/index.ts";
import { announce } from "./announcer.ts";
import { buttonById } from "./dom.ts";
import type { Expectation } from "./expectation.ts";
import { Toggle } from "./toggle.ts";
import { followEndWords, notInControl } from "./words.ts";

/** A target that is hidden for a moment is still followed; for longer it is not waited for. */
const lostAfterMs = 1000;

/**
 * Keeps what the model sees in the middle of the picture while it is on. Whatever else moves or stops
 * the device switches it off, and it stays off until it is pressed again.
 */
export class FollowSwitch {
  readonly #toggle: Toggle;
  readonly #tell: (text: string) => void;
  #lease: LeaseHandle | undefined;
  #stream: FollowStream | undefined;
  #hasTargets = true;
  #seenAtMs = Number.NEGATIVE_INFINITY;

  /** @param tell shows one sentence to the person. */
  constructor(tell: (text: string) => void) {
    this.#tell = tell;
    this.#toggle = new Toggle(buttonById("follow"), {
      onChange: (isOn) => {
        if (isOn) this.#begin();
        else this.#stream?.stop();
      },
      onRefused: tell,
    });
    this.refresh();
  }

  setLease(lease: LeaseHandle | undefined): void {
    this.#lease = lease;
    this.refresh();
  }

  /** @param expectation undefined of a server that does not say where the camera looks. */
  showPrediction(expectation: Expectation | undefined): void {
    this.#hasTargets = expectation?.hasTarget ?? false;
    if (expectation?.seesTarget(1) === true) this.#seenAtMs = performance.now();
    this.refresh();
  }

  /** Looks whether it can be used: to be called now and then, since predictions may just stop. */
  refresh(): void {
    this.#toggle.setUnusable(this.#whyNot());
  }

  press(): void {
    this.#toggle.press();
  }

  /** Something else moves the device from now on, or nothing. */
  end(): void {
    this.#toggle.set(false);
  }

  #whyNot(): string | undefined {
    if (this.#lease?.isHeld !== true) return notInControl;
    if (!this.#hasTargets) return "This model predicts no target to follow.";
    const isSeen = performance.now() - this.#seenAtMs <= lostAfterMs;
    return isSeen ? undefined : "There is no target in the picture to follow.";
  }

  #begin(): void {
    const stream = this.#lease?.followPredicted();
    if (stream === undefined) return;
    this.#stream = stream;
    this.#tell("");
    announce("Following the target.");
    void stream.ended.then((end) => {
      this.#onEnd(stream, end);
    });
  }

  #onEnd(stream: FollowStream, end: FollowEnd): void {
    // Another one may have begun meanwhile.
    if (this.#stream !== stream) return;
    announce("Not following any more.");
    this.#stream = undefined;
    this.#toggle.set(false);
    // That control is gone is told by whoever took or returned it.
    const why = followEndWords(end, this.#lease?.isHeld === true ? this.#whyNot() : undefined);
    if (why !== "") this.#tell(why);
  }
}
