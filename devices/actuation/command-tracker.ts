import type { ActuationEvent, MotionResult } from "../../bridge/contract/actuation.ts";
import type { LimitedCommand } from "./command-limits.ts";
import type { MountMotion } from "./motion.ts";

type Accepted = Extract<LimitedCommand, { kind: "accepted" }>;
interface Running {
  readonly commandId: number;
  readonly command: Accepted;
  announced: boolean;
}

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
    this.#running = { commandId, command, announced: false };
  }

  /** Ends the running command, if any. */
  finish(result: MotionResult, reason: string): void {
    const running = this.#running;
    if (running === undefined) return;
    this.#running = undefined;
    this.#emit({ kind: "done", commandId: running.commandId, result, reason });
  }

  /** After a tick whose setpoint went to the driver at `atMs`. Allocates only when it tells. // hot path */
  afterTick(motion: MountMotion, atMs: number): void {
    const running = this.#running;
    if (running === undefined) return;
    if (!running.announced) {
      running.announced = true;
      const { applied, limits } = running.command;
      this.#emit({ kind: "applied", commandId: running.commandId, atMs, applied, limits });
    }
    if (this.#anyExpired(running, motion)) {
      this.finish("expired", "its time ran out");
    } else if (this.#allSettled(running, motion)) {
      const { intent, limits } = running.command;
      if (limits.length > 0) this.finish("limited", limits.join("; "));
      else if (intent.kind === "position") this.finish("completed", "every axis is on its target");
    }
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
      if (intent.kind === "velocity" || !motion.isSettled(index)) return false;
    }
    return true;
  }
}
