export interface ToggleEvents {
  onChange(isOn: boolean): void;
  /** Pressed while it cannot be used: why not, for whoever has no pointer to hover with. */
  onRefused(reason: string): void;
}

/**
 * A button that is on or off. While it cannot be used it says why, and keeps its place in the order of
 * the keyboard so that the reason can be heard.
 */
export class Toggle {
  readonly #button: HTMLButtonElement;
  readonly #events: ToggleEvents;
  readonly #title: string;
  #whyNot: string | undefined;

  constructor(button: HTMLButtonElement, events: ToggleEvents) {
    this.#button = button;
    this.#events = events;
    this.#title = button.title;
    button.addEventListener("click", () => {
      this.press();
    });
  }

  get isOn(): boolean {
    return this.#button.getAttribute("aria-pressed") === "true";
  }

  /** As the button does. */
  press(): void {
    if (this.#whyNot !== undefined) this.#events.onRefused(this.#whyNot);
    else this.set(!this.isOn);
  }

  set(isOn: boolean): void {
    if (isOn === this.isOn) return;
    this.#button.setAttribute("aria-pressed", String(isOn));
    this.#events.onChange(isOn);
  }

  /** @param whyNot it cannot be used, which also switches it off; undefined when it can. */
  setUnusable(whyNot: string | undefined): void {
    if (whyNot === this.#whyNot) return;
    this.#whyNot = whyNot;
    this.#button.toggleAttribute("data-unusable", whyNot !== undefined);
    this.#button.setAttribute("aria-disabled", String(whyNot !== undefined));
    this.#button.title = whyNot ?? this.#title;
    if (whyNot !== undefined) this.set(false);
  }
}
