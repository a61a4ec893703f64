import type { DeviceOffer, LeaseHandle, LeaseHolder, StateMessage } from "../client/index.ts";
import type { ControlSession } from "./control-session.ts";
import { buttonById, byId, elementById, setPill, setText, type Tone } from "./dom.ts";
import { Jog } from "./jog.ts";
import { listenToKeys } from "./keys.ts";
import { Stick } from "./stick.ts";

const modeTones: Readonly<Record<StateMessage["mode"], Tone>> = {
  inactive: "none",
  active: "good",
  stopping: "warn",
  latched: "bad",
  fault: "bad",
};

/** Lease, stick, buttons, keys and the stops. */
export class ControlPanel {
  readonly #session: ControlSession;
  readonly #jog = new Jog();
  readonly #stick: Stick;
  readonly #holdButtons: readonly HTMLButtonElement[];
  #device: DeviceOffer | undefined;

  constructor(session: ControlSession) {
    this.#session = session;
    // Right and up as the camera sees them; REP 103 has yaw left and pitch down positive.
    this.#stick = new Stick(elementById("stick"), elementById("knob"), ({ x, y }) => {
      this.#jog.hold("stick", x === 0 && y === 0 ? {} : { yaw: -x, pitch: -y });
    });
    this.#holdButtons = [
      this.#holdButton("roll-minus", { roll: -1 }),
      this.#holdButton("roll-plus", { roll: 1 }),
      this.#holdButton("deploy-minus", { deploy: -1 }),
      this.#holdButton("deploy-plus", { deploy: 1 }),
    ];
    this.#wireButtons();
    listenToKeys({
      hold: (source, ratios) => {
        this.#jog.hold(source, ratios);
      },
      stop: () => {
        this.#stop("hold");
      },
    });
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

  setDevice(device: DeviceOffer | undefined): void {
    this.#device = device;
    setText(
      elementById("device-name"),
      device === undefined ? "" : `· ${device.id} · ${device.profile}`,
    );
    buttonById("take").disabled = device === undefined;
  }

  setLease(lease: LeaseHandle | undefined): void {
    if (lease === undefined) {
      this.letGo();
      this.#jog.end();
    } else this.#jog.begin(lease);
    const mine = lease !== undefined;
    buttonById("take").hidden = mine;
    buttonById("release").hidden = !mine;
    if (mine) buttonById("force").hidden = true;
    for (const button of [...this.#holdButtons, buttonById("home")]) button.disabled = !mine;
    elementById("stick").setAttribute("aria-disabled", String(!mine));
  }

  setOwner(owner: LeaseHolder | null, stale: boolean): void {
    const mine = owner !== null && owner.session === this.#session.client?.welcome.session;
    const who = owner === null ? "nobody is" : mine ? "you are" : `${owner.client} is`;
    setText(elementById("owner"), `${who} in control${stale ? " (not responding)" : ""}`);
    buttonById("force").hidden = owner === null || mine || stale;
  }

  setState(state: StateMessage): void {
    const text = state.latched ? "emergency stop" : state.moving ? "moving" : state.mode;
    setPill(elementById("mode"), text, state.latched ? "bad" : modeTones[state.mode]);
    buttonById("reset").hidden = !state.latched;
  }

  /** Everything held is let go of. */
  letGo(): void {
    this.#stick.release();
    this.#jog.releaseAll();
    for (const button of this.#holdButtons) button.removeAttribute("data-held");
  }

  #stop(level: "hold" | "estop"): void {
    this.letGo();
    void this.#session.stop(level);
  }

  #wireButtons(): void {
    const click = (id: string, act: () => void): void => {
      buttonById(id).addEventListener("click", act);
    };
    // On press, not on release: a stop does not wait for the finger to lift.
    buttonById("stop").addEventListener("pointerdown", () => {
      this.#stop("hold");
    });
    buttonById("estop").addEventListener("pointerdown", () => {
      this.#stop("estop");
    });
    for (const [id, level] of [
      ["stop", "hold"],
      ["estop", "estop"],
    ] as const) {
      buttonById(id).addEventListener("keydown", ({ key }) => {
        if (key === "Enter") this.#stop(level);
      });
    }
    click("reset", () => void this.#session.reset());
    click("take", () => void this.#session.take({ byForce: false }));
    click("force", () => void this.#session.take({ byForce: true }));
    click("release", () => void this.#session.release());
    click("home", () => {
      this.#goHome();
    });
    const speed = byId("speed", HTMLInputElement);
    speed.addEventListener("input", () => {
      this.#jog.speedRatio = speed.valueAsNumber / 100;
      setText(elementById("speed-text"), `${speed.value} %`);
    });
  }

  #goHome(): void {
    const device = this.#device;
    if (device === undefined) return;
    const home = device.axes.map(({ name }, index) => [name, device.homeRad[index] ?? 0] as const);
    const ratio = byId("speed", HTMLInputElement).valueAsNumber / 100;
    void this.#session.goTo(Object.fromEntries(home), ratio);
  }

  #holdButton(id: string, ratios: Readonly<Record<string, number>>): HTMLButtonElement {
    const button = buttonById(id);
    const release = (): void => {
      button.removeAttribute("data-held");
      this.#jog.hold(id, {});
    };
    button.addEventListener("pointerdown", (event) => {
      button.setPointerCapture(event.pointerId);
      button.setAttribute("data-held", "");
      this.#jog.hold(id, ratios);
    });
    for (const name of ["pointerup", "pointercancel", "lostpointercapture"] as const) {
      button.addEventListener(name, release);
    }
    button.addEventListener("contextmenu", (event) => {
      event.preventDefault();
    });
    return button;
  }
}
