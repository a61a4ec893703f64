/** Where the stick stands: x to the right, y up, each -1..1 within the unit circle. */
export interface StickPosition {
  readonly x: number;
  readonly y: number;
}

const deadRatio = 0.06;

/** Fine near the middle, full at the rim, nothing within the dead zone. */
export function shapeStick(position: StickPosition): StickPosition {
  const length = Math.hypot(position.x, position.y);
  if (length < deadRatio) return { x: 0, y: 0 };
  const reach = Math.min(1, (length - deadRatio) / (1 - deadRatio));
  const gain = reach ** 1.6 / length;
  return { x: position.x * gain, y: position.y * gain };
}

/** A round stick for finger, pen or mouse. Let go, and it is back in the middle. */
export class Stick {
  readonly #area: HTMLElement;
  readonly #knob: HTMLElement;
  readonly #onMove: (position: StickPosition) => void;
  #pointerId: number | undefined;

  constructor(area: HTMLElement, knob: HTMLElement, onMove: (position: StickPosition) => void) {
    this.#area = area;
    this.#knob = knob;
    this.#onMove = onMove;
    area.addEventListener("pointerdown", (event) => {
      if (area.getAttribute("aria-disabled") === "true" || this.#pointerId !== undefined) return;
      this.#pointerId = event.pointerId;
      area.setPointerCapture(event.pointerId);
      this.#follow(event);
    });
    area.addEventListener("pointermove", (event) => {
      if (event.pointerId === this.#pointerId) this.#follow(event);
    });
    for (const name of ["pointerup", "pointercancel", "lostpointercapture"] as const) {
      area.addEventListener(name, (event) => {
        if (event.pointerId === this.#pointerId) this.release();
      });
    }
  }

  /** Shows a position that came from somewhere else, e.g. the keyboard. */
  show(position: StickPosition): void {
    const radius = (this.#area.clientWidth - this.#knob.offsetWidth) / 2;
    const x = position.x * radius;
    const y = -position.y * radius;
    this.#knob.style.transform = `translate(${x}px, ${y}px)`;
    this.#area.toggleAttribute("data-held", position.x !== 0 || position.y !== 0);
  }

  release(): void {
    if (this.#pointerId === undefined) return;
    this.#pointerId = undefined;
    this.show({ x: 0, y: 0 });
    this.#onMove({ x: 0, y: 0 });
  }

  #follow(event: PointerEvent): void {
    const box = this.#area.getBoundingClientRect();
    const radius = (box.width - this.#knob.offsetWidth) / 2;
    const x = (event.clientX - box.left - box.width / 2) / radius;
    const y = -(event.clientY - box.top - box.height / 2) / radius;
    const length = Math.max(1, Math.hypot(x, y));
    const position = { x: x / length, y: y / length };
    this.show(position);
    this.#onMove(shapeStick(position));
  }
}
