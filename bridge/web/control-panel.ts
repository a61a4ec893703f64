import type { DeviceOffer, LeaseHandle } from "../client/index.ts";
import type { ControlSession } from "./control-session.ts";
import { buttonById, byId, elementById, letGoOfKeys, setText } from "./dom.ts";
import { Jog } from "./jog.ts";
import { loadSettings, saveSettings } from "./settings.ts";
import { Stick } from "./stick.ts";

/** Stick, hold-to-move buttons and speed: what moves while it is held. */
export class ControlPanel {
  readonly #session: ControlSession;
  readonly #onHold: () => void;
  readonly #jog = new Jog();
  readonly #stick: Stick;
  readonly #holdButtons: readonly HTMLButtonElement[];

  /** @param onHold something is held that moves the device. */
  constructor(session: ControlSession, onHold: () => void) {
    this.#session = session;
    this.#onHold = onHold;
    // Right and up as the camera sees them; REP 103 has yaw left and pitch down positive.
    this.#stick = new Stick(elementById("stick"), elementById("knob"), ({ x, y }) => {
      this.hold("stick", x === 0 && y === 0 ? {} : { yaw: -x, pitch: -y });
    });
    this.#holdButtons = [
      this.#holdButton("roll-minus", { roll: -1 }),
      this.#holdButton("roll-plus", { roll: 1 }),
      this.#holdButton("deploy-minus", { deploy: -1 }),
      this.#holdButton("deploy-plus", { deploy: 1 }),
    ];
    this.#wireLease();
    this.#wireSpeed();
    // The stream stops by itself here; what is still pressed must not start it again.
    for (const name of ["blur", "pagehide"] as const) {
      window.addEventListener(name, () => {
        this.letGo();
      });
    }
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) this.letGo();
    });
  }

  /** The share of the limits a person chose to move with. */
  get speedRatio(): number {
    return byId("speed", HTMLInputElement).valueAsNumber / 100;
  }

  setDevice(device: DeviceOffer | undefined): void {
    setText(elementById("device-name"), device?.id ?? "");
    for (const button of this.#holdButtons) {
      const [axis = ""] = button.id.split("-");
      const isThere = device?.axes.some(({ name }) => name === axis) ?? true;
      button.closest<HTMLElement>(".jog")?.toggleAttribute("hidden", !isThere);
    }
  }

  setLease(lease: LeaseHandle | undefined): void {
    if (lease === undefined) {
      this.letGo();
      this.#jog.end();
    } else this.#jog.begin(lease);
    const isMine = lease !== undefined;
    for (const button of this.#holdButtons) button.disabled = !isMine;
    elementById("stick").setAttribute("aria-disabled", String(!isMine));
  }

  /** @param ratios of the velocity limit per axis; none lets go. */
  hold(source: string, ratios: Readonly<Record<string, number>>): void {
    if (Object.values(ratios).some((ratio) => ratio !== 0)) this.#onHold();
    this.#jog.hold(source, ratios);
    // The stick shows what moves yaw and pitch, whatever holds it.
    if (source !== "stick") {
      const { yaw = 0, pitch = 0 } = this.#jog.sum;
      this.#stick.show({ x: -yaw, y: -pitch });
    }
  }

  /** Everything held is let go of. */
  letGo(): void {
    this.#stick.release();
    this.#stick.show({ x: 0, y: 0 });
    this.#jog.releaseAll();
    for (const button of this.#holdButtons) button.removeAttribute("data-held");
  }

  /** Takes control, or gives it back. */
  toggleControl(): void {
    if (this.#session.lease === undefined) void this.#session.take({ byForce: false });
    else void this.#session.release();
  }

  #wireLease(): void {
    const click = (id: string, act: () => Promise<void>, then: string): void => {
      buttonById(id).addEventListener("click", () => {
        const hadFocus = document.activeElement === buttonById(id);
        void act().then(() => {
          // The button that had the focus is gone; the one in its place gets it.
          if (hadFocus && buttonById(id).hidden) buttonById(then).focus();
        });
      });
    };
    click("take", () => this.#session.take({ byForce: false }), "release");
    click("force", () => this.#session.take({ byForce: true }), "release");
    click("release", () => this.#session.release(), "take");
  }

  #wireSpeed(): void {
    const speed = byId("speed", HTMLInputElement);
    const apply = (): void => {
      this.#jog.speedRatio = this.speedRatio;
      const text = `${speed.value} %`;
      setText(elementById("speed-text"), text);
      speed.setAttribute("aria-valuetext", text);
    };
    speed.valueAsNumber = loadSettings().speedPercent;
    apply();
    letGoOfKeys(speed);
    speed.addEventListener("input", () => {
      apply();
      saveSettings({ speedPercent: speed.valueAsNumber });
    });
  }

  #holdButton(id: string, ratios: Readonly<Record<string, number>>): HTMLButtonElement {
    const button = buttonById(id);
    const press = (): void => {
      if (button.disabled) return;
      button.setAttribute("data-held", "");
      this.hold(id, ratios);
    };
    const release = (): void => {
      button.removeAttribute("data-held");
      this.hold(id, {});
    };
    button.addEventListener("pointerdown", (event) => {
      button.setPointerCapture(event.pointerId);
      press();
    });
    for (const name of ["pointerup", "pointercancel", "lostpointercapture", "blur"] as const) {
      button.addEventListener(name, release);
    }
    button.addEventListener("keydown", ({ key, repeat }) => {
      if (key === "Enter" && !repeat) press();
    });
    button.addEventListener("keyup", ({ key }) => {
      if (key === "Enter") release();
    });
    button.addEventListener("contextmenu", (event) => {
      event.preventDefault();
    });
    return button;
  }
}
