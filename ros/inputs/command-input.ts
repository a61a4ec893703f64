import type { ControlSeat, SeatAnswer } from "../../bridge/contract/control-seat.ts";
import type { AxisDescription } from "../../bridge/contract/device.ts";
import type { Float64MultiArray, JointTrajectory } from "../messages/message-types.ts";
import { Refusals } from "./refusals.ts";
import { planTrajectory } from "./trajectory-plan.ts";
import { TrajectoryRun, type SetpointState } from "./trajectory-run.ts";

export interface CommandInputOptions {
  readonly seat: ControlSeat;
  /** In the order of a joint_velocity message. */
  readonly axes: readonly AxisDescription[];
  /** How long one velocity message moves the device. */
  readonly ttlMs: number;
  /**
   * - `command`: a command takes the lease when nobody holds it;
   * - `request`: only a call of the control service does.
   */
  readonly acquire: "command" | "request";
  /** The lease is given back after this long without a command. */
  readonly releaseAfterMs: number;
  /** Where the setpoints are now. */
  readonly setpoint: () => SetpointState;
  /** ROS stamp to monotonic ms; undefined for a stamp that cannot be placed. 0 means now. */
  readonly startOf: (message: JointTrajectory, arrivalMs: number) => number | undefined;
  readonly onRefused?: (reason: string, text: string) => void;
}

/** Matched publishers of the two topics. */
export interface PublisherCounts {
  readonly velocity: number;
  readonly trajectory: number;
}

/** Longer than that ahead a trajectory does not wait for its start. */
const maxWaitMs = 60_000;

const retryAfterMs = 1000;

type Topic = keyof PublisherCounts;
/** What a trajectory came by: the goal of an action has no publisher that could go. */
export type TrajectorySource = "trajectory" | "action";

/**
 * Commands from ROS topics, as one client of the same authority as all others. It may take the lease
 * only where nobody holds it. A stream that has lost it (somebody stopped the device, took over, or
 * pressed the emergency stop) is barred: its messages are refused until control is asked for anew
 * through the service, or its publishers have gone. Else the next message of the stream would undo
 * the stop a person has just made.
 *
 * Motion ends by itself: velocities expire, the lease goes back when the stream ends, and everything
 * stops when the last publisher disappears.
 */
export class CommandInput {
  readonly refusals: Refusals;
  velocityCount = 0;
  trajectoryCount = 0;
  readonly #options: CommandInputOptions;
  #barred: string | undefined;
  #run: TrajectoryRun | undefined;
  #source: Topic | "action" | undefined;
  #lastCommandMs = Number.NEGATIVE_INFINITY;
  #retryMs = Number.NEGATIVE_INFINITY;
  #deskText = "";
  #onCommand: () => void = () => undefined;

  constructor(options: CommandInputOptions) {
    this.#options = options;
    this.refusals = new Refusals(options.onRefused);
    options.seat.onLost((reason) => {
      this.#end();
      this.#barred = reason;
    });
  }

  /** Called with every command that was taken: time has to pass in small steps from now on. */
  onCommand(listener: () => void): void {
    this.#onCommand = listener;
  }

  /** Why commands are refused until control is asked for anew; undefined while they are not. */
  get barred(): string | undefined {
    return this.#barred;
  }

  get isHolding(): boolean {
    return this.#options.seat.owner === "us";
  }

  get isRunningTrajectory(): boolean {
    return this.#run !== undefined;
  }

  /** std_msgs/Float64MultiArray: rad/s of every axis, in the device's order. */
  velocity(message: Float64MultiArray, arrivalMs: number): void {
    const { axes, seat, ttlMs } = this.#options;
    const names = axes.map((axis) => axis.name);
    const { data } = message;
    if (data.length !== axes.length) {
      const expected = `${axes.length} (${names.join(", ")})`;
      this.#refuse("sizes", `joint_velocity has ${data.length} numbers, expected ${expected}`);
      return;
    }
    const bad = data.findIndex((value) => !Number.isFinite(value));
    if (bad !== -1) {
      this.#refuse("not-finite", `joint_velocity of ${names[bad] ?? ""} is ${String(data[bad])}`);
      return;
    }
    if (!this.#mayCommand("joint_velocity", arrivalMs)) return;
    this.#run = undefined;
    const wanted = Object.fromEntries(names.map((name, at) => [name, data[at] ?? 0]));
    if (!this.#carriedOut("joint_velocity", seat.velocity(wanted, ttlMs), arrivalMs)) return;
    this.#source = "velocity";
    this.#lastCommandMs = arrivalMs;
    this.velocityCount += 1;
    this.#onCommand();
  }

  /** Brakes to rest where a trajectory runs; the lease stays. */
  stopTrajectory(reason: string): void {
    if (this.#run === undefined) return;
    this.#end();
    this.#options.seat.hold(reason);
  }

  /** trajectory_msgs/JointTrajectory: takes the place of the one that runs. */
  trajectory(
    message: JointTrajectory,
    arrivalMs: number,
    source: TrajectorySource = "trajectory",
  ): void {
    const outcome = planTrajectory(message, this.#options.axes);
    if (!outcome.ok) {
      this.#refuse(outcome.reason, `joint_trajectory: ${outcome.text}`);
      return;
    }
    const startMs = this.#options.startOf(message, arrivalMs);
    const { plan } = outcome;
    const lastMs = plan.timesMs.at(-1) ?? 0;
    if (startMs === undefined || startMs > arrivalMs + maxWaitMs) {
      this.#refuse("future", "joint_trajectory: its start cannot be placed within the next minute");
      return;
    }
    if (lastMs > 0 && startMs + lastMs <= arrivalMs) {
      this.#refuse("stale", "joint_trajectory: it ended before it came");
      return;
    }
    if (!this.#mayCommand("joint_trajectory", arrivalMs)) return;
    this.#run = new TrajectoryRun(plan, startMs, this.#options.setpoint());
    this.#source = source;
    this.#lastCommandMs = arrivalMs;
    this.trajectoryCount += 1;
    this.#follow(arrivalMs);
    this.#onCommand();
  }

  /** The control service: takes or returns the lease, and lifts the bar. */
  requestControl(wanted: boolean): { readonly success: boolean; readonly message: string } {
    const { seat } = this.#options;
    if (!wanted) {
      this.#end();
      seat.release("returned through the ROS service");
      return { success: true, message: "returned" };
    }
    const answer: SeatAnswer = seat.owner === "us" ? { ok: true } : seat.acquire();
    if (!answer.ok) return { success: false, message: `${answer.code}: ${answer.reason}` };
    this.#barred = undefined;
    this.#retryMs = Number.NEGATIVE_INFINITY;
    this.#lastCommandMs = this.#options.setpoint().stampMs;
    return { success: true, message: "in control" };
  }

  /** Lets time pass; a few times per ttl, while trajectories run about every 20 ms. */
  tick(nowMs: number): void {
    const { seat, releaseAfterMs, acquire } = this.#options;
    seat.checkIn();
    if (this.#run !== undefined) this.#follow(nowMs);
    if (this.#run !== undefined || seat.owner !== "us" || acquire === "request") return;
    if (nowMs - this.#lastCommandMs >= releaseAfterMs) {
      this.#end();
      seat.release(`no ROS command for ${releaseAfterMs} ms`);
    }
  }

  /** The last publisher of what moves the device has gone: it stops. */
  publishers(counts: PublisherCounts): void {
    if (counts.velocity === 0 && counts.trajectory === 0) this.#barred = undefined;
    const source = this.#source;
    if (source === undefined || source === "action" || counts[source] > 0) return;
    this.#end();
    this.#options.seat.release(`the ROS publisher of joint_${source} has gone`);
  }

  /** Sends the part of the trajectory that is due. */
  #follow(nowMs: number): void {
    const { seat, setpoint, ttlMs } = this.#options;
    const step = this.#run?.step(nowMs, setpoint());
    if (step === undefined) return;
    if (step.kind === "velocity") {
      this.#lastCommandMs = nowMs;
      this.#carriedOut("joint_trajectory", seat.velocity(step.velRadPerS, ttlMs), nowMs);
      return;
    }
    this.#run = undefined;
    if (step.kind === "arrived") {
      this.#carriedOut("joint_trajectory", seat.position(step.posRad), nowMs);
    } else {
      this.#refuse("lost", `joint_trajectory: ${step.text}`);
      seat.hold("the trajectory cannot be followed");
    }
  }

  #mayCommand(what: string, nowMs: number): boolean {
    const { seat, acquire } = this.#options;
    if (this.#barred !== undefined) {
      const mend = "call the control service, or stop publishing";
      this.#refuse("barred", `${what}: control was lost (${this.#barred}); ${mend}`);
      return false;
    }
    if (nowMs < this.#retryMs) {
      this.#refuse("desk", `${what}: ${this.#deskText}`);
      return false;
    }
    const { owner } = seat;
    if (owner === "us") return true;
    if (owner !== "nobody" || acquire === "request") {
      const why = owner === "nobody" ? "nobody has asked for control" : "somebody else holds it";
      this.#refuse("no-lease", `${what}: the device is not ours: ${why}`);
      return false;
    }
    return this.#carriedOut(what, seat.acquire(), nowMs);
  }

  /**
   * What the desk refuses once (the emergency stop is latched, the node is inactive) it would refuse
   * with every message of the stream: the lease goes back, and the next attempt is a second later.
   */
  #carriedOut(what: string, answer: SeatAnswer, nowMs: number): boolean {
    if (answer.ok) return true;
    this.#end();
    this.#deskText = `${answer.code}: ${answer.reason}`;
    this.#retryMs = nowMs + retryAfterMs;
    this.#refuse("desk", `${what}: ${this.#deskText}`);
    if (this.#options.acquire === "command") this.#options.seat.release(this.#deskText);
    return false;
  }

  #refuse(reason: string, text: string): void {
    this.refusals.add(reason, text);
  }

  #end(): void {
    this.#run = undefined;
    this.#source = undefined;
  }
}
