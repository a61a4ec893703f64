import {
  ActuationMode,
  ActuationStatusField,
  actuationStatusWidth,
  type Actuation,
  type ActuationCommand,
  type ActuationEvent,
} from "../contract/actuation.ts";
import { monotonicMs } from "../contract/clock.ts";
import type { SampleRing } from "../contract/sample-ring.ts";
import { TelemetryTape } from "./telemetry-tape.ts";

/** What is tried: the actuation thread with a driver in it, and the histories it fills. */
export interface TrialTarget {
  readonly driverName: string;
  readonly actuation: Actuation;
  /** Rows of position, velocity, effort. */
  readonly telemetry: SampleRing;
  /** Rows of position, velocity. */
  readonly setpoints: SampleRing;
}

type Done = Extract<ActuationEvent, { kind: "done" }>;
type Applied = Extract<ActuationEvent, { kind: "applied" }>;
/** A command as it is written; who sends it numbers it. */
type Unnumbered = ActuationCommand extends infer Command
  ? Command extends { readonly commandId: number }
    ? Omit<Command, "commandId">
    : never
  : never;

const pollMs = 10;
/** A joint that moves less than this in 100 ms rests. */
const restRad = 0.002;

/** A device under trial: commands with their outcome, and waiting for what it does. */
export class TrialDevice {
  readonly target: TrialTarget;
  readonly measured: TelemetryTape;
  readonly commanded: TelemetryTape;
  readonly #signal: AbortSignal;
  readonly #status = new Float64Array(actuationStatusWidth);
  readonly #done = new Map<number, Done>();
  readonly #applied = new Map<number, Applied>();
  #nextId = 1;
  /** What the driver last said of its link. */
  linkReason = "";
  modeReason = "";
  counters: Readonly<Record<string, number>> = {};

  constructor(target: TrialTarget, signal: AbortSignal) {
    this.target = target;
    this.#signal = signal;
    this.measured = new TelemetryTape(target.telemetry);
    this.commanded = new TelemetryTape(target.setpoints);
    target.actuation.onEvent((event) => {
      this.#note(event);
    });
  }

  get mode(): ActuationMode {
    this.target.actuation.readStatus(this.#status);
    return (this.#status[ActuationStatusField.mode] ?? 0) as ActuationMode;
  }

  /** @returns the command's number. */
  send(command: Unnumbered): number {
    const commandId = this.#nextId++;
    this.target.actuation.send({ ...command, commandId });
    return commandId;
  }

  /** True when it rests and takes commands again. */
  async stopToRest(reason: string): Promise<boolean> {
    this.target.actuation.send({ kind: "stop", level: "hold", reason });
    // One tick and the way to the other thread: until then it looks active still.
    await this.pass(30);
    const isReady = await this.until(() => this.mode === ActuationMode.Active, 2000);
    return isReady && (await this.untilRest(2000));
  }

  applied(commandId: number): Applied | undefined {
    return this.#applied.get(commandId);
  }

  ended(commandId: number): Done | undefined {
    return this.#done.get(commandId);
  }

  /** True when `what` came to be in time. @throws what the signal was aborted with. */
  async until(what: () => boolean, timeoutMs: number): Promise<boolean> {
    const endMs = monotonicMs() + timeoutMs;
    for (;;) {
      this.#signal.throwIfAborted();
      this.measured.pull();
      this.commanded.pull();
      if (what()) return true;
      if (monotonicMs() >= endMs) return false;
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
  }

  async pass(ms: number): Promise<void> {
    await this.until(() => false, ms);
  }

  /** True when no joint has moved for 100 ms. */
  async untilRest(timeoutMs: number): Promise<boolean> {
    const { axes } = this.target.actuation.device;
    return await this.until(() => {
      const sinceMs = monotonicMs() - 100;
      return axes.every((_, index) => {
        const { posRad } = this.measured.axis(index, sinceMs);
        return posRad.length > 1 && spread(posRad) < restRad;
      });
    }, timeoutMs);
  }

  #note(event: ActuationEvent): void {
    switch (event.kind) {
      case "done":
        this.#done.set(event.commandId, event);
        return;
      case "applied":
        this.#applied.set(event.commandId, event);
        return;
      case "mode":
        this.modeReason = event.reason;
        return;
      case "driver":
        this.linkReason = event.reason;
        this.counters = event.counters;
        return;
      default:
    }
  }
}

/** Largest minus smallest. */
export function spread(values: readonly number[]): number {
  return values.length === 0 ? Number.NaN : Math.max(...values) - Math.min(...values);
}
