/** Keys that move while held. Right and up are as the camera sees them: yaw and pitch go the other way (REP 103). */
const moves: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  ArrowLeft: { yaw: 1 },
  ArrowRight: { yaw: -1 },
  ArrowUp: { pitch: -1 },
  ArrowDown: { pitch: 1 },
  KeyQ: { roll: -1 },
  KeyE: { roll: 1 },
  KeyR: { deploy: 1 },
  KeyF: { deploy: -1 },
};

export interface KeyActions {
  hold(source: string, ratios: Readonly<Record<string, number>>): void;
  stop(): void;
  /** Keys that do one thing, by `KeyboardEvent.key` in lower case. */
  readonly presses: Readonly<Record<string, () => void>>;
}

/** Arrows, Q/E, R/F move while held; space stops, wherever the focus is, except where text is written. */
export function listenToKeys(actions: KeyActions): void {
  window.addEventListener("keydown", (event) => {
    if (isTextField(event.target)) return;
    if (event.code === "Space") {
      event.preventDefault();
      if (!event.repeat) actions.stop();
      return;
    }
    if (hasModifier(event)) return;
    const move = moves[event.code];
    if (move !== undefined) {
      if (keepsItsKeys(event.target)) return;
      event.preventDefault();
      if (!event.repeat) actions.hold(event.code, move);
      return;
    }
    const press = actions.presses[event.key.toLowerCase()];
    if (press === undefined || event.repeat) return;
    event.preventDefault();
    press();
  });
  window.addEventListener("keyup", (event) => {
    if (isTextField(event.target)) return;
    // A button has the focus after a click and would take the space for another click.
    if (event.code === "Space") event.preventDefault();
    const move = moves[event.code];
    if (move !== undefined) actions.hold(event.code, {});
  });
}

function hasModifier(event: KeyboardEvent): boolean {
  return event.ctrlKey || event.metaKey || event.altKey;
}

function isTextField(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLTextAreaElement ||
    target instanceof HTMLSelectElement ||
    (target instanceof HTMLInputElement && target.type !== "range")
  );
}

/** Sliders and tabs are moved with the arrows themselves. */
function keepsItsKeys(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLInputElement ||
    (target instanceof Element && target.closest("[role=tablist]") !== null)
  );
}
