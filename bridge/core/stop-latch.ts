/**
 * How far an emergency stop and its reset are (ISO 13850: it overrides everything, latches, and its
 * reset never moves anything):
 *
 * ```
 * armed --press--> stopping --at rest--> latched --reset--> reset-requested --released--> ready
 *   ^                                       ^                     |                         |
 *   |                                       +------ press --------+                         |
 *   +---------------------- a command under a lease of after the reset ---------------------+
 * ```
 * `press` leads from armed and ready to stopping. A reset while the device still brakes is refused
 * and not remembered, as PLCopen's SF_EmergencyStop wants a new edge of Reset once the demand is gone.
 */
export const stopStates = ["armed", "stopping", "latched", "reset-requested", "ready"] as const;
export type StopState = (typeof stopStates)[number];

export type StopEvent =
  /** Somebody pressed, or the device latched by itself and is still moving. */
  | "press"
  /** The device says that it is latched, at rest. */
  | "at-rest"
  | "reset"
  /** The device says that it takes commands. */
  | "released"
  /** A command was let through. */
  | "command";

const after: Readonly<Record<StopState, Readonly<Record<StopEvent, StopState>>>> = {
  armed: {
    press: "stopping",
    "at-rest": "latched",
    reset: "armed",
    released: "armed",
    command: "armed",
  },
  stopping: {
    press: "stopping",
    "at-rest": "latched",
    reset: "stopping",
    released: "stopping",
    command: "stopping",
  },
  latched: {
    press: "latched",
    "at-rest": "latched",
    reset: "reset-requested",
    // An older report that was still under way.
    released: "latched",
    command: "latched",
  },
  "reset-requested": {
    press: "latched",
    // Likewise: what the device makes of the reset comes after.
    "at-rest": "reset-requested",
    reset: "reset-requested",
    released: "ready",
    command: "reset-requested",
  },
  ready: {
    press: "stopping",
    "at-rest": "latched",
    reset: "ready",
    released: "ready",
    command: "armed",
  },
};

/** The emergency stop of one device. Reaches nothing; remembers how far it is. */
export class StopLatch {
  #state: StopState = "armed";

  get state(): StopState {
    return this.#state;
  }

  /** While true no command is let through. */
  get isLatched(): boolean {
    return this.#state !== "armed" && this.#state !== "ready";
  }

  note(event: StopEvent): void {
    this.#state = after[this.#state][event];
  }
}
