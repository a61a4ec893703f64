import type { ActuationEvent, MotionResult } from "../../bridge/contract/actuation.ts";
import { apartRad } from "./axis-range.ts";
import type { LimitedCommand } from "./command-limits.ts";
import type { MountMotion } from "./motion.ts";

type Accepted = Extract<LimitedCommand, { kind: "accepted" }>;
interface Running {
  readonly commandId: number;
  readonly command: Accepted;
  announced: boolean;
  /** When every axis was on its goal first; NaN before. */
  settledAtMs: number;
}

/** The device gets so long after the setpoint to come within the tolerance of its goal. */
const goalWaitMs = 1000;

/** Follows the newest motion command to its end, and tells: applied once, done once. */
export class CommandTracker {
  readonly #emit: (event: ActuationEvent) => void;
  #running: Running | undefined;

  constructor(emit: (event: ActuationEvent) => void) {
    this.#emit = emit;
  }

  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  begin(commandId: number, command: Accepted): void {
    this.finish("interrupted", `command ${commandId} took over`);
    this.#running = { commandId, command, announced: false, settledAtMs: Number.NaN };
  }

  /** Ends the running command, if any. */
  finish(result: MotionResult, reason: string): void {
    const running = this.#running;
    if (running === undefined) return;
    this.#running = undefined;
    this.#emit({ kind: "done", commandId: running.commandId, result, reason });
  }

  /**
   * After a tick whose setpoint went to the driver at `atMs`; `measuredRad` is where the device is. Gives why
   * the motion has to stop, if it has. Allocates only when it tells. // hot path
   */
  afterTick(motion: MountMotion, atMs: number, measuredRad: Float64Array): string | undefined {
    const running = this.#running;
    if (running === undefined) return undefined;
    if (!running.announced) {
      running.announced = true;
      const { applied, limits } = running.command;
      this.#emit({ kind: "applied", commandId: running.commandId, atMs, applied, limits });
    }
    if (this.#anyExpired(running, motion)) {
      this.finish("expired", "its time ran out");
    } else if (this.#allSettled(running, motion)) {
      this.#arrived(running, motion, atMs, measuredRad);
    } else if (
      this.#isOff(running.command.tolerances?.pathRad, motion, motion.posRad, measuredRad)
    ) {
      return this.#offText("its path", running, motion, motion.posRad, measuredRad);
    }
    return undefined;
  }

  #arrived(running: Running, motion: MountMotion, atMs: number, measuredRad: Float64Array): void {
    const { intent, limits, tolerances, applied } = running.command;
    if (limits.length > 0) {
      this.finish("limited", limits.join("; "));
      return;
    }
    if (intent.kind !== "position" && intent.kind !== "path") return;
    if (Number.isNaN(running.settledAtMs)) running.settledAtMs = atMs;
    if (!this.#isOff(tolerances?.goalRad, motion, applied, measuredRad)) {
      this.finish("completed", "every axis is on its target");
    } else if (atMs - running.settledAtMs > goalWaitMs) {
      this.finish("limited", this.#offText("its goal", running, motion, applied, measuredRad));
    }
  }

  #isOff(
    tolerance: readonly (number | null)[] | undefined,
    { device }: MountMotion,
    wantedRad: ArrayLike<number | null>,
    measuredRad: Float64Array,
  ): boolean {
    if (tolerance === undefined) return false;
    for (let index = 0; index < tolerance.length; index += 1) {
      const allowed = tolerance[index] ?? null;
      const wanted = wantedRad[index] ?? null;
      if (allowed === null || wanted === null) continue;
      const measured = measuredRad[index] ?? Number.NaN;
      if (!(apartRad(device.axes[index], measured, wanted) <= allowed)) return true;
    }
    return false;
  }

  #offText(
    what: string,
    { command }: Running,
    { device }: MountMotion,
    wantedRad: ArrayLike<number | null>,
    measuredRad: Float64Array,
  ): string {
    const allowed = what === "its path" ? command.tolerances?.pathRad : command.tolerances?.goalRad;
    const texts = (allowed ?? []).flatMap((tolerance, index) => {
      const off = apartRad(device.axes[index], measuredRad[index] ?? 0, wantedRad[index] ?? 0);
      if (tolerance === null || off <= tolerance) return [];
      return [`axis ${index} is ${off.toFixed(3)} rad off ${what}, tolerance ${tolerance} rad`];
    });
    return texts.join("; ");
  }

  #anyExpired(running: Running, motion: MountMotion): boolean {
    const { applied } = running.command;
    for (let index = 0; index < applied.length; index += 1) {
      if (applied[index] !== null && motion.hasExpired(index)) return true;
    }
    return false;
  }

  #allSettled(running: Running, motion: MountMotion): boolean {
    const { applied, intent } = running.command;
    for (let index = 0; index < applied.length; index += 1) {
      if (applied[index] === null) continue;
      // A velocity ends with its time; standing on a limit or at zero is how it may pass it.
      if (intent.kind === "velocity" || intent.kind === "point" || !motion.isSettled(index))
        return false;
    }
    return true;
  }
}
