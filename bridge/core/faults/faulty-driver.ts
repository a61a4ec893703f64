import type {
  ActuatorDriver,
  DriverHealth,
  Setpoint,
  Telemetry,
} from "../../contract/actuator-driver.ts";
import { BridgeError, ErrorCode } from "../../contract/errors.ts";
import type { FaultLine, FaultPlan } from "./fault-plan.ts";
import { FaultyLink } from "./faulty-link.ts";
import { JointFaults, type JointSample } from "./joint-faults.ts";

export interface FaultyDriverOptions {
  readonly plan: FaultPlan;
  readonly axisNames: readonly string[];
  readonly monotonicMs: () => number;
}

/** A setpoint that is overtaken comes two ticks later. */
const overtakenMs = 11;

/**
 * A driver whose link to its device fails as the plan says: `driver` faults on the way there,
 * `joints` faults on the way back. Allocates; it is there only when faults were asked for.
 */
export class FaultyDriver implements ActuatorDriver {
  readonly name: string;
  readonly axisCount: number;
  readonly #inner: ActuatorDriver;
  readonly #now: () => number;
  readonly #line: FaultLine;
  readonly #setpoints: FaultyLink<Setpoint>;
  readonly #joints: JointFaults;
  readonly #delivered: Setpoint;
  readonly #scratch: Telemetry;
  #hasDelivered = false;
  #readStampMs = Number.NaN;
  #newest: JointSample | undefined;
  #isBrownedOut = false;

  constructor(inner: ActuatorDriver, { plan, axisNames, monotonicMs }: FaultyDriverOptions) {
    const line = plan.at("driver");
    this.name = inner.name;
    this.axisCount = inner.axisCount;
    this.#inner = inner;
    this.#now = monotonicMs;
    this.#line = line;
    this.#setpoints = new FaultyLink({
      line,
      overtakenMs,
      lostDuring: ["timeout", "brownout", "freeze"],
    });
    this.#joints = new JointFaults(plan.at("joints"), axisNames);
    this.#delivered = makeSetpoint(inner.axisCount);
    this.#scratch = {
      ...makeSetpoint(inner.axisCount),
      effortNm: new Float64Array(inner.axisCount),
    };
  }

  get health(): DriverHealth {
    return this.#inner.health;
  }

  /** @throws BridgeError `device/closed` when a `driver.error` is due. */
  writeSetpoint(setpoint: Readonly<Setpoint>): void {
    const nowMs = this.#now();
    if (this.#line.strikeOnce("error", nowMs) !== undefined) {
      throw new BridgeError(ErrorCode.DeviceClosed, "the link broke, as the fault layer was told");
    }
    this.#watchPower(nowMs);
    this.#setpoints.send(copyOf(setpoint), nowMs);
    this.#setpoints.deliver(nowMs, (arrived) => {
      this.#deliver(arrived, nowMs);
    });
  }

  readTelemetry(out: Telemetry): boolean {
    const nowMs = this.#now();
    this.#watchPower(nowMs);
    if (this.#inner.readTelemetry(this.#scratch) && this.#scratch.stampMs !== this.#readStampMs) {
      this.#readStampMs = this.#scratch.stampMs;
      if (!this.#setpoints.isDead(nowMs) || this.#line.active("freeze", nowMs) !== undefined) {
        this.#joints.send(this.#scratch, nowMs);
      }
    }
    this.#joints.deliver(nowMs, (sample) => {
      this.#newest = sample;
    });
    if (this.#newest === undefined) return false;
    out.stampMs = this.#newest.stampMs;
    out.posRad.set(this.#newest.posRad);
    out.velRadPerS.set(this.#newest.velRadPerS);
    out.effortNm.set(this.#newest.effortNm);
    return true;
  }

  stop(): void {
    if (!this.#setpoints.isDead(this.#now())) this.#inner.stop();
  }

  setEnabled(enabled: boolean): void {
    if (!this.#setpoints.isDead(this.#now())) this.#inner.setEnabled(enabled);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#inner[Symbol.asyncDispose]();
  }

  #deliver(arrived: Setpoint, nowMs: number): void {
    const slow = this.#line.active("saturate", nowMs);
    if (slow !== undefined && this.#hasDelivered) {
      const periodS = Math.max(0, arrived.stampMs - this.#delivered.stampMs) / 1000;
      if (limitStep(arrived, this.#delivered, slow.value, periodS)) this.#line.count("saturate");
    }
    this.#delivered.stampMs = arrived.stampMs;
    this.#delivered.posRad.set(arrived.posRad);
    this.#delivered.velRadPerS.set(arrived.velRadPerS);
    this.#hasDelivered = true;
    this.#inner.writeSetpoint(this.#delivered);
  }

  /** Losing power, the device forgets what it was told and holds. */
  #watchPower(nowMs: number): void {
    const isOut = this.#line.active("brownout", nowMs) !== undefined;
    if (isOut && !this.#isBrownedOut) {
      this.#setpoints.clear();
      this.#inner.stop();
    }
    this.#isBrownedOut = isOut;
  }
}

/** Pulls `next` back so that no axis goes faster than `speed` from `last`. True if it had to. */
function limitStep(next: Setpoint, last: Setpoint, speed: number, periodS: number): boolean {
  let limited = false;
  for (let axis = 0; axis < next.posRad.length; axis += 1) {
    const from = last.posRad[axis] ?? 0;
    const step = (next.posRad[axis] ?? 0) - from;
    if (Math.abs(step) <= speed * periodS) continue;
    next.posRad[axis] = from + Math.sign(step) * speed * periodS;
    next.velRadPerS[axis] = Math.sign(step) * speed;
    limited = true;
  }
  return limited;
}

function makeSetpoint(axisCount: number): Setpoint {
  return {
    stampMs: 0,
    posRad: new Float64Array(axisCount),
    velRadPerS: new Float64Array(axisCount),
  };
}

function copyOf({ stampMs, posRad, velRadPerS }: Readonly<Setpoint>): Setpoint {
  return { stampMs, posRad: posRad.slice(), velRadPerS: velRadPerS.slice() };
}
