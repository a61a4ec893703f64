import type { StateMessage } from "../client/index.ts";
import { buttonById, elementById, setText } from "./dom.ts";

type StopLevel = "hold" | "estop";

export interface StopActions {
  stop(level: StopLevel): void;
  reset(): void;
}

const tickMs: Readonly<Record<StopLevel, number | number[]>> = { hold: 30, estop: [60, 40, 60] };

/** The two stops, and the way out of the latched one: asked twice, and it never moves anything. */
export class StopBar {
  readonly #actions: StopActions;
  #isAsked = false;

  constructor(actions: StopActions) {
    this.#actions = actions;
    this.#wireStop("stop", "hold");
    this.#wireStop("estop", "estop");
    buttonById("reset").addEventListener("click", () => {
      this.#ask(true);
      buttonById("reset-confirm").focus();
    });
    buttonById("reset-cancel").addEventListener("click", () => {
      this.#ask(false);
      buttonById("reset").focus();
    });
    buttonById("reset-confirm").addEventListener("click", () => {
      this.#ask(false);
      actions.reset();
    });
  }

  setState({ latched, moving }: Pick<StateMessage, "latched" | "moving">): void {
    const banner = elementById("latched");
    if (banner.hidden === latched) {
      banner.hidden = !latched;
      this.#ask(false);
    }
    const isBraking = latched && moving;
    buttonById("reset").disabled = isBraking;
    setText(
      elementById("latched-text"),
      isBraking
        ? "Braking to rest."
        : this.#isAsked
          ? "Is the way clear? A reset moves nothing; after it, take control to go on."
          : "Nothing moves until this is reset.",
    );
  }

  stop(level: StopLevel): void {
    // iOS has no vibration for pages.
    if ("vibrate" in navigator) navigator.vibrate(tickMs[level]);
    this.#actions.stop(level);
  }

  #ask(isAsked: boolean): void {
    this.#isAsked = isAsked;
    buttonById("reset").hidden = isAsked;
    buttonById("reset-confirm").hidden = !isAsked;
    buttonById("reset-cancel").hidden = !isAsked;
  }

  #wireStop(id: string, level: StopLevel): void {
    const button = buttonById(id);
    // On press, not on release: a stop does not wait for the finger to lift.
    button.addEventListener("pointerdown", () => {
      this.stop(level);
    });
    // Pressed without a pointer: the Enter key, a screen reader, a switch.
    button.addEventListener("click", ({ detail }) => {
      if (detail === 0) this.stop(level);
    });
  }
}
