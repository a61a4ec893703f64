import { ActuationMode } from "../contract/actuation.ts";
import { monotonicMs } from "../contract/clock.ts";
import type { AxisDescription } from "../contract/device.ts";
import { turnText } from "./turn-text.ts";
import { stepResponse } from "./step-response.ts";
import { spread, TrialDevice, type TrialTarget } from "./trial-device.ts";
import type { AxisStep, TrialCheck, TrialReport, Verdict } from "./trial-report.ts";

/** Whoever stands beside the device. */
export interface TrialDialog {
  say(text: string): void;
  /** Undefined: there is nobody to ask. */
  confirm(question: string): Promise<boolean | undefined>;
}

const connectMs = 10_000;
const stepRad = 0.15;
const gentleRatio = 0.3;
const moveTimeoutMs = 8000;
/** A joint that is meant to rest may sway so much while another moves. */
const swayRad = 0.03;
const arrivedRad = 0.05;
/** Slower telemetry than this makes every watchdog blind. */
const leastRateHz = 10;

const degrees = (rad: number): string => `${((rad * 180) / Math.PI).toFixed(1)}°`;

/**
 * Tries a device from the first contact to the last stop: small moves, signs, limits, latency, step
 * response, stop and expiry, each through the actuation thread as in the service. Nothing moves
 * before `dialog` has agreed. When `signal` is aborted the device is stopped and the report ends there.
 */
export async function runTrial(
  target: TrialTarget,
  { dialog, signal }: { readonly dialog: TrialDialog; readonly signal: AbortSignal },
): Promise<TrialReport> {
  const trial = new Trial(target, dialog, signal);
  let endedBy: string | undefined;
  try {
    endedBy = await trial.run();
  } catch (error) {
    if (!signal.aborted) throw error;
    endedBy = error instanceof Error ? error.message : String(error);
  } finally {
    target.actuation.send({ kind: "stop", level: "hold", reason: "the trial has ended" });
  }
  const { checks, steps } = trial;
  const { profile } = target.actuation.device;
  const base = { profile, driver: target.driverName, checks, steps };
  return endedBy === undefined ? base : { ...base, endedBy };
}

class Trial {
  readonly checks: TrialCheck[] = [];
  readonly steps: AxisStep[] = [];
  readonly #device: TrialDevice;
  readonly #dialog: TrialDialog;
  readonly #axes: readonly AxisDescription[];
  /** Where the joints stood when it began: every move starts and ends there. */
  #restRad: readonly number[] = [];
  #noiseRad: readonly number[] = [];

  constructor(target: TrialTarget, dialog: TrialDialog, signal: AbortSignal) {
    this.#device = new TrialDevice(target, signal);
    this.#dialog = dialog;
    this.#axes = target.actuation.device.axes;
  }

  /** Why it ended early. */
  async run(): Promise<string | undefined> {
    if (!(await this.#connect())) return "no contact";
    await this.#listen();
    if (!(await this.#consent())) return "not agreed to";
    if (!(await this.#makeReady())) return "the interlock axis did not get ready";
    for (const [index, axis] of this.#axes.entries()) {
      if (this.#isInterlock(axis)) continue;
      await this.#tryAxis(index, axis);
    }
    const axis = this.#freest();
    await this.#tryStop(axis);
    await this.#tryExpiry(axis);
    return undefined;
  }

  async #connect(): Promise<boolean> {
    const device = this.#device;
    const isUp = await device.until(() => device.mode === ActuationMode.Active, connectMs);
    const { driverName } = device.target;
    const why = [device.linkReason, device.modeReason].find((text) => text !== "");
    this.#check(
      "contact",
      isUp,
      isUp ? `driver ${driverName}` : `none in ${connectMs / 1000} s: ${why ?? "no telemetry"}`,
    );
    return isUp;
  }

  async #listen(): Promise<void> {
    const device = this.#device;
    const fromMs = monotonicMs();
    await device.pass(1000);
    const stamps = device.measured.stampsSince(fromMs);
    const rateHz = stamps.length / ((monotonicMs() - fromMs) / 1000);
    const ageMs = monotonicMs() - (stamps.at(-1) ?? Number.NaN);
    this.#check(
      "telemetry",
      rateHz >= leastRateHz,
      `${rateHz.toFixed(0)} samples/s, the newest ${ageMs.toFixed(0)} ms old`,
    );
    const traces = this.#axes.map((_, index) => device.measured.axis(index, fromMs).posRad);
    this.#noiseRad = traces.map((posRad) => spread(posRad) / 2);
    this.#restRad = traces.map((posRad) => posRad.at(-1) ?? Number.NaN);
    const noisiest = Math.max(...this.#noiseRad);
    this.#check("rest", noisiest < arrivedRad, `joints within ${degrees(noisiest)} for a second`);
    for (const [index, axis] of this.#axes.entries()) {
      const here = this.#restRad[index] ?? Number.NaN;
      if (here >= axis.lowerRad - arrivedRad && here <= axis.upperRad + arrivedRad) continue;
      const range = `${degrees(axis.lowerRad)} to ${degrees(axis.upperRad)}`;
      this.#check(
        `${axis.name}: place`,
        false,
        `stands at ${degrees(here)}, its range is ${range}`,
      );
    }
  }

  async #consent(): Promise<boolean> {
    const { device } = this.#device.target.actuation;
    const { driverName } = this.#device.target;
    this.#dialog.say(
      [
        `${device.profile} will now MOVE through driver ${driverName}: each axis up to ${degrees(stepRad)}`,
        "either way from where it stands, gently first and then at its full speed.",
        ...(this.#isReady() ? [] : [`First ${device.interlock?.axis ?? ""} goes home.`]),
        "Keep hands, cables and faces away. Ctrl-C stops it; a power switch within reach stops it surely.",
      ].join("\n"),
    );
    return (await this.#dialog.confirm("Move it?")) === true;
  }

  /** The axis that holds all others back goes home first. */
  async #makeReady(): Promise<boolean> {
    const { interlock, homeRad } = this.#device.target.actuation.device;
    const index = this.#axes.findIndex((axis) => axis.name === interlock?.axis);
    if (interlock === undefined || this.#isReady()) return true;
    const home = homeRad[index] ?? 0;
    const isThere = await this.#move(index, home, gentleRatio, 2 * moveTimeoutMs);
    this.#check(`${interlock.axis}: ready`, isThere, `goes to ${degrees(home)}`);
    this.#restRad = this.#axes.map((_, axis) => this.#device.measured.latest(axis));
    return isThere;
  }

  #isReady(): boolean {
    const { interlock } = this.#device.target.actuation.device;
    const index = this.#axes.findIndex((axis) => axis.name === interlock?.axis);
    return interlock === undefined || (this.#restRad[index] ?? 0) >= interlock.readyRad;
  }

  async #tryAxis(index: number, axis: AxisDescription): Promise<void> {
    const rest = this.#restRad[index] ?? 0;
    for (const direction of [1, -1] as const) {
      const target = this.#target(index, direction);
      const name = `${axis.name}: ${direction > 0 ? "+" : "-"}`;
      if (target === undefined) {
        this.#note(name, "skipped", "no room on this side of where it stands");
        continue;
      }
      await this.#tryMove(index, name, target);
      if (direction > 0) await this.#trySign(index, axis);
      await this.#move(index, rest, gentleRatio);
    }
    await this.#tryLimit(index, axis);
    await this.#tryStep(index, axis);
    await this.#move(index, rest, gentleRatio);
  }

  async #tryMove(index: number, name: string, target: number): Promise<void> {
    const { measured } = this.#device;
    const fromMs = monotonicMs();
    const isThere = await this.#move(index, target, gentleRatio);
    const errorRad = measured.latest(index) - target;
    const others = this.#axes.flatMap((other, at) => {
      const sway = spread(measured.axis(at, fromMs).posRad);
      return at === index || !(sway > swayRad) ? [] : [`${other.name} ${degrees(sway)}`];
    });
    const swayText = others.length === 0 ? "" : `; moved with it: ${others.join(", ")}`;
    this.#check(
      name,
      isThere && others.length === 0,
      `${degrees(target)} asked, ${degrees(errorRad)} off${swayText}`,
    );
  }

  async #trySign(index: number, axis: AxisDescription): Promise<void> {
    const name = `${axis.name}: sign`;
    const text = turnText(this.#device.target.actuation.device, index);
    const answer = await this.#dialog.confirm(`Did ${axis.name} turn ${text}?`);
    if (answer === undefined) this.#note(name, "skipped", `nobody looked: should turn ${text}`);
    else this.#check(name, answer, `${answer ? "turns" : "does not turn"} ${text}`);
  }

  /** Asked for far outside, the command is cut before anything gets there: it is stopped at once. */
  async #tryLimit(index: number, axis: AxisDescription): Promise<void> {
    const device = this.#device;
    const posRad = this.#axes.map((_, at) => (at === index ? axis.upperRad + 1 : null));
    const id = device.send({ kind: "position", posRad, velocityRatio: 0.05 });
    await device.until(
      () => device.applied(id) !== undefined || device.ended(id) !== undefined,
      1000,
    );
    await device.stopToRest("limit seen");
    const applied = device.applied(id)?.applied[index] ?? Number.NaN;
    this.#check(
      `${axis.name}: limit`,
      applied <= axis.upperRad,
      Number.isNaN(applied)
        ? `refused: ${device.ended(id)?.reason ?? "no answer"}`
        : `${degrees(axis.upperRad + 1)} asked, ${degrees(applied)} allowed`,
    );
  }

  async #tryStep(index: number, axis: AxisDescription): Promise<void> {
    const device = this.#device;
    const target = this.#target(index, 1) ?? this.#target(index, -1);
    if (target === undefined) return;
    await this.#move(index, this.#restRad[index] ?? 0, gentleRatio);
    const commandMs = monotonicMs();
    const isThere = await this.#move(index, target, 1);
    await device.pass(300);
    const fromMs = commandMs - 100;
    const measured = device.measured.axis(index, fromMs);
    const response = stepResponse(measured, {
      commandMs,
      targetRad: target,
      noiseRad: this.#noiseRad[index] ?? 0,
    });
    const setpoint = device.commanded.axis(index, fromMs);
    this.steps.push({ axis: axis.name, response, commandMs, measured, setpoint });
    const { latencyMs, riseMs, overshootRatio } = response;
    this.#check(
      `${axis.name}: step`,
      isThere && Number.isFinite(latencyMs),
      `first motion after ${latencyMs.toFixed(0)} ms, 10-90 % in ${riseMs.toFixed(0)} ms, ` +
        `overshoot ${(100 * overshootRatio).toFixed(0)} %`,
    );
  }

  async #tryStop(index: number): Promise<void> {
    const device = this.#device;
    await this.#push(index, 5000);
    await device.pass(400);
    const at = device.measured.latest(index);
    const fromMs = monotonicMs();
    const isAtRest = await device.stopToRest("trial of the stop");
    const tookMs = monotonicMs() - fromMs - 100;
    const wayRad = Math.abs(device.measured.latest(index) - at);
    this.#check("stop", isAtRest, `at rest ${tookMs.toFixed(0)} ms and ${degrees(wayRad)} later`);
    await this.#move(index, this.#restRad[index] ?? 0, gentleRatio);
  }

  async #tryExpiry(index: number): Promise<void> {
    const device = this.#device;
    const id = await this.#push(index, 300);
    const hasEnded = await device.until(() => device.ended(id) !== undefined, 2000);
    const isAtRest = await device.untilRest(2000);
    const fromMs = monotonicMs();
    await device.pass(500);
    const stirred = spread(device.measured.axis(index, fromMs).posRad);
    this.#check(
      "expiry",
      hasEnded && device.ended(id)?.result === "expired" && isAtRest && stirred < swayRad,
      `a velocity of 300 ms ended as ${device.ended(id)?.result ?? "nothing"}, then ${degrees(stirred)} in 500 ms`,
    );
    await this.#move(index, this.#restRad[index] ?? 0, gentleRatio);
  }

  /** A slow velocity towards the middle of the range. */
  async #push(index: number, ttlMs: number): Promise<number> {
    const axis = this.#axes[index];
    const speed = gentleRatio * (axis?.maxVelocityRadPerS ?? 0) * this.#inward(index);
    const velRadPerS = this.#axes.map((_, at) => (at === index ? speed : null));
    const id = this.#device.send({
      kind: "velocity",
      velRadPerS,
      expiresAtMs: monotonicMs() + ttlMs,
    });
    await this.#device.pass(20);
    return id;
  }

  /** True when the joint is where it was sent, and rests. */
  async #move(
    index: number,
    toRad: number,
    velocityRatio: number,
    timeoutMs = moveTimeoutMs,
  ): Promise<boolean> {
    const device = this.#device;
    const posRad = this.#axes.map((_, at) => (at === index ? toRad : null));
    const id = device.send({ kind: "position", posRad, velocityRatio });
    await device.until(() => device.ended(id) !== undefined, timeoutMs);
    await device.untilRest(2000);
    const isThere = Math.abs(device.measured.latest(index) - toRad) < arrivedRad;
    return device.ended(id)?.result === "completed" && isThere;
  }

  /** A small step from where it stood, if there is room for half of it. */
  #target(index: number, direction: 1 | -1): number | undefined {
    const axis = this.#axes[index];
    const rest = this.#restRad[index] ?? 0;
    if (axis === undefined) return undefined;
    const margin = axis.softMarginRad ?? 0;
    const room = direction > 0 ? axis.upperRad - margin - rest : rest - axis.lowerRad - margin;
    const step = Math.min(stepRad, room);
    return step < stepRad / 2 ? undefined : rest + direction * step;
  }

  /** The axis with most room around it, and no interlock. */
  #freest(): number {
    const room = this.#axes.map((axis, index) => {
      const rest = this.#restRad[index] ?? 0;
      return this.#isInterlock(axis) ? -1 : Math.max(axis.upperRad - rest, rest - axis.lowerRad);
    });
    return room.indexOf(Math.max(...room));
  }

  #inward(index: number): 1 | -1 {
    const axis = this.#axes[index];
    const rest = this.#restRad[index] ?? 0;
    return axis === undefined || axis.upperRad - rest >= rest - axis.lowerRad ? 1 : -1;
  }

  #isInterlock({ name }: AxisDescription): boolean {
    return this.#device.target.actuation.device.interlock?.axis === name;
  }

  #check(name: string, isGood: boolean, text: string): void {
    this.#note(name, isGood ? "pass" : "fail", text);
  }

  #note(name: string, verdict: Verdict, text: string): void {
    this.checks.push({ name, verdict, text });
    this.#dialog.say(`${verdict.padEnd(8)}${name}: ${text}`);
  }
}
