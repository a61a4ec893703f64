import type { ActionName, LeaseHandle, Motion } from "../client/index.ts";
import type { ControlSession } from "./control-session.ts";
import { elementById, make } from "./dom.ts";

interface Action {
  readonly text: string;
  readonly title: string;
  readonly make: (lease: LeaseHandle, velocityRatio: number) => Motion;
}

const gesture = (name: ActionName, text: string, title: string): Action => ({
  text,
  title,
  make: (lease, velocityRatio) => lease.action(name, { velocityRatio }),
});

const actions: readonly Action[] = [
  { text: "Home", title: "Go to the home position", make: goHome },
  {
    text: "Unfold",
    title: "Unfold the arm and go home",
    make: (lease, velocityRatio) => lease.deploy({ velocityRatio }),
  },
  {
    text: "Fold",
    title: "Re-centre and fold away",
    make: (lease, velocityRatio) => lease.stow({ velocityRatio }),
  },
  gesture("nod", "Nod", "Nod, as for yes"),
  gesture("shake", "Shake", "Shake the head, as for no"),
  gesture("look-around", "Look around", "Look to both sides"),
  gesture("tilt", "Tilt", "Tilt the head"),
  gesture("bow", "Bow", "Bow"),
];

/** Motions that end by themselves. */
export class ActionBar {
  readonly #buttons: readonly HTMLButtonElement[];

  constructor(session: ControlSession, speedRatio: () => number) {
    this.#buttons = actions.map(({ text, title, make: motion }) => {
      const button = make("button", { className: "button chip", text });
      button.type = "button";
      button.title = title;
      button.disabled = true;
      button.id = `action-${text.toLowerCase().replace(" ", "-")}`;
      button.addEventListener("click", () => {
        void session.move((lease) => motion(lease, speedRatio()));
      });
      return button;
    });
    elementById("actions").replaceChildren(...this.#buttons);
  }

  setEnabled(isEnabled: boolean): void {
    for (const button of this.#buttons) button.disabled = !isEnabled;
  }
}

export function goHome(lease: LeaseHandle, velocityRatio: number): Motion {
  const { axes, homeRad } = lease.device;
  const home = axes.map(({ name }, index) => [name, homeRad[index] ?? 0] as const);
  return lease.position(Object.fromEntries(home), { velocityRatio });
}
