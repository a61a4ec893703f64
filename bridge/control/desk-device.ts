import {
  ActuationMode,
  ActuationStatusField,
  actuationStatusWidth,
  type Actuation,
  type ActuationCommand,
} from "../contract/actuation.ts";
import type { LeaseState } from "../core/authority-lease.ts";
import type { CommandMessage } from "./messages.ts";
import type { DeviceMode, DeviceOffer, LeaseHolder, StateMessage } from "./server-messages.ts";

const modeNames: Readonly<Record<ActuationMode, DeviceMode>> = {
  [ActuationMode.Inactive]: "inactive",
  [ActuationMode.Active]: "active",
  [ActuationMode.Stopping]: "stopping",
  [ActuationMode.Latched]: "latched",
  [ActuationMode.Fault]: "fault",
};

type AxisValues = readonly (number | null)[];
export type AxisRead =
  | { readonly ok: true; readonly values: AxisValues }
  | { readonly ok: false; readonly reason: string };

/** One device as the desk sees it: axis names to axis order and back, and its state for people. */
export class DeskDevice {
  readonly actuation: Actuation;
  readonly #axisIndex: ReadonlyMap<string, number>;
  readonly #status = new Float64Array(actuationStatusWidth);

  constructor(actuation: Actuation) {
    this.actuation = actuation;
    this.#axisIndex = new Map(actuation.device.axes.map((axis, index) => [axis.name, index]));
  }

  get id(): string {
    return this.actuation.device.id;
  }

  get offer(): DeviceOffer {
    const { id, profile, axes, homeRad, interlock } = this.actuation.device;
    return { id, profile, axes, homeRad, ...(interlock === undefined ? {} : { interlock }) };
  }

  /** What goes to the actuation worker; expiry counts from the message's arrival. */
  commandOf(
    message: CommandMessage,
    identity: { readonly commandId: number; readonly arrivedMs: number },
  ): { readonly ok: true; readonly command: ActuationCommand } | Extract<AxisRead, { ok: false }> {
    const { commandId, arrivedMs } = identity;
    if (message.kind !== "velocity" && message.kind !== "position") {
      return { ok: false, reason: `kind ${message.kind} is not carried out yet` };
    }
    const read = this.#inAxisOrder(
      message.kind === "velocity" ? message.velRadPerS : message.posRad,
    );
    if (!read.ok) return read;
    if (message.kind === "velocity") {
      const expiresAtMs = arrivedMs + message.ttlMs;
      const velRadPerS = read.values;
      return { ok: true, command: { kind: "velocity", commandId, velRadPerS, expiresAtMs } };
    }
    const { ttlMs, velocityRatio = 1 } = message;
    const expiry = ttlMs === undefined ? {} : { expiresAtMs: arrivedMs + ttlMs };
    const posRad = read.values;
    return { ok: true, command: { kind: "position", commandId, posRad, velocityRatio, ...expiry } };
  }

  /** Values in axis order as a map by axis name; axes left as they were are left out. */
  byName(values: AxisValues): Readonly<Record<string, number>> {
    const named = this.actuation.device.axes.flatMap((axis, index) => {
      const value = values[index];
      return value === null || value === undefined ? [] : [[axis.name, value] as const];
    });
    return Object.fromEntries(named);
  }

  state(lease: LeaseState, latched: boolean): StateMessage {
    this.actuation.readStatus(this.#status);
    const field = (index: number): number => this.#status[index] ?? 0;
    const mode = field(ActuationStatusField.mode);
    return {
      type: "state",
      device: this.id,
      mode: isMode(mode) ? modeNames[mode] : "fault",
      moving: field(ActuationStatusField.moving) !== 0,
      latched,
      stop: latched ? "latched" : "armed",
      delegate: null,
      owner: holderOf(lease),
      stale: lease.stale,
      expiredCount: field(ActuationStatusField.expiredCount),
      limitedCount: field(ActuationStatusField.limitedCount),
    };
  }

  #inAxisOrder(byName: Readonly<Record<string, number>>): AxisRead {
    const names = Object.keys(byName);
    if (names.length === 0) return { ok: false, reason: `no axis given, ${this.#expected()}` };
    const unknown = names.find((name) => !this.#axisIndex.has(name));
    if (unknown !== undefined) {
      return { ok: false, reason: `axis ${unknown} is unknown, ${this.#expected()}` };
    }
    const values = this.actuation.device.axes.map(({ name }) => byName[name] ?? null);
    return { ok: true, values };
  }

  #expected(): string {
    return `expected some of ${[...this.#axisIndex.keys()].join(", ")}`;
  }
}

function isMode(value: number): value is ActuationMode {
  return Object.hasOwn(modeNames, value);
}

export function modeName(mode: ActuationMode): DeviceMode {
  return modeNames[mode];
}

export function holderOf(lease: LeaseState): LeaseHolder | null {
  if (lease.owner === undefined) return null;
  return { session: lease.owner.sessionId, client: lease.owner.client };
}
