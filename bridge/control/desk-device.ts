import {
  ActuationMode,
  ActuationStatusField,
  actuationStatusWidth,
  type Actuation,
} from "../contract/actuation.ts";
import type { Aim } from "../core/aim.ts";
import type { LeaseState } from "../core/authority-lease.ts";
import type { Authority } from "../core/authority.ts";
import { AxisOrder } from "./axis-order.ts";
import type {
  DeviceMode,
  DeviceOffer,
  LeaseDelegate,
  LeaseHolder,
  StateMessage,
} from "./server-messages.ts";

const modeNames: Readonly<Record<ActuationMode, DeviceMode>> = {
  [ActuationMode.Inactive]: "inactive",
  [ActuationMode.Active]: "active",
  [ActuationMode.Stopping]: "stopping",
  [ActuationMode.Latched]: "latched",
  [ActuationMode.Fault]: "fault",
};

/** Joint positions of a device in axis order into `out`; false while they are not known. */
export type ReadJoints = (deviceId: string, out: Float64Array) => boolean;

export interface DeskDeviceOptions {
  readonly readJoints?: ReadJoints;
  readonly aim?: Aim;
}

/** One device as the desk sees it. */
export class DeskDevice {
  readonly actuation: Actuation;
  readonly order: AxisOrder;
  /** How to look somewhere with it; undefined if it cannot be aimed. */
  readonly aim: Aim | undefined;
  readonly #readJoints: ReadJoints | undefined;
  readonly #joints: Float64Array;
  readonly #status = new Float64Array(actuationStatusWidth);

  constructor(actuation: Actuation, options: DeskDeviceOptions = {}) {
    const { axes } = actuation.device;
    this.actuation = actuation;
    this.order = new AxisOrder(axes);
    this.aim = options.aim;
    this.#readJoints = options.readJoints;
    this.#joints = new Float64Array(axes.length);
  }

  get id(): string {
    return this.actuation.device.id;
  }

  get offer(): DeviceOffer {
    const { id, profile, axes, homeRad, interlock } = this.actuation.device;
    return { id, profile, axes, homeRad, ...(interlock === undefined ? {} : { interlock }) };
  }

  /** Where it stands, axis order; undefined while that is not known. */
  jointPosRad(): readonly number[] | undefined {
    const isKnown = this.#readJoints?.(this.id, this.#joints) ?? false;
    return isKnown && this.#joints.every(Number.isFinite) ? [...this.#joints] : undefined;
  }

  /** Where its stop and its lease stand, with what the actuation says of it. */
  state(authority: Authority): StateMessage | undefined {
    const lease = authority.leaseState(this.id);
    if (lease === undefined) return undefined;
    const mode = this.mode();
    const field = (index: number): number => this.#status[index] ?? 0;
    return {
      type: "state",
      device: this.id,
      mode: mode === undefined ? "fault" : modeNames[mode],
      moving: field(ActuationStatusField.moving) !== 0,
      latched: authority.isLatched(this.id),
      stop: authority.stopState(this.id) ?? "armed",
      ...holdingOf(lease),
      expiredCount: field(ActuationStatusField.expiredCount),
      limitedCount: field(ActuationStatusField.limitedCount),
    };
  }

  /** What the actuation does now; undefined for something this version has no name for. */
  mode(): ActuationMode | undefined {
    this.actuation.readStatus(this.#status);
    const mode = this.#status[ActuationStatusField.mode] ?? Number.NaN;
    return isMode(mode) ? mode : undefined;
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

/** Who may move a device, as it is told. */
export function holdingOf(lease: LeaseState): {
  readonly owner: LeaseHolder | null;
  readonly stale: boolean;
  readonly delegate: LeaseDelegate | null;
} {
  return { owner: holderOf(lease), stale: lease.stale, delegate: delegateOf(lease) };
}

function delegateOf({ delegate }: LeaseState): LeaseDelegate | null {
  if (delegate === undefined) return null;
  return { session: delegate.sessionId, client: delegate.client, ...delegate.share };
}
