import { setTimeout as sleep } from "node:timers/promises";
import type { Telemetry } from "../../bridge/contract/actuator-driver.ts";
import { BridgeError, ErrorCode } from "../../bridge/contract/errors.ts";
import { silentLog, type Log } from "../../bridge/contract/log.ts";
import type { Simulator } from "../../bridge/contract/simulator.ts";
import { openJointCommands, type CommandForm, type JointCommands } from "./joint-commands.ts";
import { JointStateReader } from "./joint-state-reader.ts";
import { Model } from "./messages/joints.ts";
import { GzTransport } from "./transport/gz-transport.ts";
import type { NetworkSettings } from "./transport/network-settings.ts";
import { WorldClient } from "./world-client.ts";
import { describeAbsence, describeOutcome } from "./world-problems.ts";
import { worldNames, type GazeboWorldOptions, type WorldNames } from "./world-names.ts";

export interface GazeboSimulatorOptions {
  readonly network: NetworkSettings;
  readonly world: GazeboWorldOptions;
  /** Joints of the model in axis order. */
  readonly axisNames: readonly string[];
  /** Of the world's physics. Default 0.001. */
  readonly stepS?: number;
  /** Default `position`. */
  readonly command?: CommandForm;
  /** For the world to appear. Default `timeoutMs`. */
  readonly startTimeoutMs?: number;
  /** For every answer. Default 10 000. */
  readonly timeoutMs?: number;
  /**
   * Wait between sending targets and asking for steps: they travel on different sockets, and Gazebo
   * promises no order between them. Default 2.
   */
  readonly commandSettleMs?: number;
  readonly log?: Log;
}

const defaultTimeoutMs = 10_000;
/** How soon a server that has gone is noticed while a state is waited for. */
const watchMs = 100;

/**
 * A Gazebo world held by the hand: paused, and run for exactly the steps that are asked for. However
 * long the caller thinks in between, for the world no time passes.
 *
 * @throws BridgeError `sim/transport` when the world is not there, saying what is; `sim/fault` when it
 *   has no physics or not these joints.
 */
export async function openGazeboSimulator(
  options: GazeboSimulatorOptions,
): Promise<GazeboSimulator> {
  const transport = await GzTransport.open(options.network, options.log ?? silentLog);
  try {
    const simulator = new GazeboSimulator(transport, options);
    await simulator.open(options.startTimeoutMs ?? options.timeoutMs ?? defaultTimeoutMs);
    return simulator;
  } catch (error) {
    transport[Symbol.dispose]();
    throw error;
  }
}

export class GazeboSimulator implements Simulator {
  readonly axisNames: readonly string[];
  readonly stepS: number;
  readonly world: WorldClient;
  readonly #transport: GzTransport;
  readonly #names: WorldNames;
  readonly #reader: JointStateReader;
  readonly #commands: JointCommands;
  /** NaN where nobody has asked for anything since the world's start. */
  readonly #targets: Float64Array;
  readonly #timeoutMs: number;
  readonly #commandSettleMs: number;
  readonly #endSubscription: () => void;
  #targetsChanged = false;
  #hasControllers = false;
  #stepCount = 0;
  /** Simulated ms at which the steps are counted from 0. */
  #startMs = 0;
  #receivedMs = Number.NaN;
  #fault: BridgeError | undefined;
  #waiter: { readonly holds: (stampMs: number) => boolean; readonly wake: () => void } | undefined;

  constructor(transport: GzTransport, options: GazeboSimulatorOptions) {
    const { axisNames, stepS = 0.001, timeoutMs = defaultTimeoutMs, commandSettleMs = 2 } = options;
    this.axisNames = axisNames;
    this.stepS = stepS;
    this.#transport = transport;
    this.#timeoutMs = timeoutMs;
    this.#commandSettleMs = commandSettleMs;
    this.#names = worldNames(options.world);
    this.#reader = new JointStateReader(axisNames);
    this.#targets = new Float64Array(axisNames.length).fill(Number.NaN);
    this.world = new WorldClient(transport, this.#names, timeoutMs);
    this.#commands = openJointCommands(
      transport,
      this.#names,
      axisNames,
      options.command ?? "position",
    );
    this.#endSubscription = transport.subscribeEncoded(this.#names.jointState, Model, (payload) => {
      this.#onJointState(payload);
    });
  }

  get timeS(): number {
    return this.#stepCount * this.stepS;
  }

  /** Pauses the world and waits for its state and its controllers. */
  async open(startTimeoutMs: number): Promise<void> {
    if (!(await this.#until((stampMs) => !Number.isNaN(stampMs), startTimeoutMs))) {
      throw new BridgeError(
        ErrorCode.SimTransport,
        `no joint states within ${startTimeoutMs} ms: ${describeAbsence(this.#transport, this.#names)}`,
      );
    }
    await this.world.pause();
    await this.#untilControllersListen();
    // A step from standstill: what arrives with its stamp is the state we count from.
    const pausedMs = await this.#settledStampMs();
    this.#startMs = pausedMs;
    this.#stepCount = 0;
  }

  async reset(seed: number): Promise<void> {
    this.#throwFault();
    await this.world.reset(seed);
    this.#receivedMs = Number.NaN;
    const limitMs = 10 * this.stepS * 1e3;
    if (!(await this.#until((stampMs) => stampMs < limitMs))) {
      throw this.#failed(`time did not go back to 0 after a reset, it is ${this.#receivedMs} ms`);
    }
    this.#startMs = this.#receivedMs;
    this.#stepCount = 0;
    this.#targets.fill(Number.NaN);
    this.#targetsChanged = false;
  }

  setTargets(posRad: Float64Array): void {
    this.#checkTargets(posRad);
    // What the controllers have already is not sent again: that spares the wait before a step.
    if (posRad.every((target, axis) => target === this.#targets[axis])) return;
    this.#targets.set(posRad);
    this.#targetsChanged = true;
  }

  async step(count: number): Promise<void> {
    this.#throwFault();
    if (count === 0) return;
    if (this.#targetsChanged) {
      this.#targetsChanged = false;
      this.#commands.send(this.#targets);
      await sleep(this.#commandSettleMs);
    }
    await this.world.step(count);
    this.#stepCount += count;
    const stepMs = this.stepS * 1e3;
    const expectedMs = this.#startMs + this.#stepCount * stepMs;
    const arrived = await this.#until((stampMs) => stampMs > expectedMs - stepMs / 2);
    this.#throwFault();
    if (!arrived) {
      const why = this.#hasGone
        ? "the server has gone away"
        : `no newer state for ${this.#timeoutMs} ms`;
      throw this.#failed(
        `${why}: simulated time is ${this.#receivedMs} ms, expected ${expectedMs} ms`,
      );
    }
    if (this.#receivedMs > expectedMs + stepMs / 2) {
      throw this.#failed(
        `simulated time is ${this.#receivedMs} ms, expected ${expectedMs} ms: somebody else runs the world`,
      );
    }
  }

  readState(out: Telemetry): void {
    const width = this.axisNames.length;
    const { row } = this.#reader;
    out.stampMs = this.timeS * 1e3;
    for (let axis = 0; axis < width; axis += 1) {
      out.posRad[axis] = row[axis] ?? 0;
      out.velRadPerS[axis] = row[width + axis] ?? 0;
      out.effortNm[axis] = row[2 * width + axis] ?? 0;
    }
  }

  /** Leaves the world as it is: paused. */
  [Symbol.dispose](): void {
    this.#endSubscription();
    this.#commands[Symbol.dispose]();
    this.#transport[Symbol.dispose]();
  }

  #onJointState(payload: Uint8Array): void {
    const outcome = this.#reader.read(payload);
    if (outcome === "ok") {
      this.#receivedMs = this.#reader.stampMs;
      if (this.#waiter?.holds(this.#receivedMs) === true) this.#waiter.wake();
      return;
    }
    if (outcome === "damaged") return;
    this.#fault ??= new BridgeError(
      ErrorCode.SimFault,
      describeOutcome(outcome, this.#names, this.axisNames),
    );
    this.#waiter?.wake();
  }

  /** False when it did not come true in time, or cannot any more: the server has gone. */
  async #until(holds: (stampMs: number) => boolean, timeoutMs = this.#timeoutMs): Promise<boolean> {
    if (this.#fault === undefined && !holds(this.#receivedMs)) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(() => {
          wake();
        }, timeoutMs);
        const watch = setInterval(() => {
          if (this.#hasGone) wake();
        }, watchMs);
        const wake = (): void => {
          clearTimeout(timer);
          clearInterval(watch);
          resolve();
        };
        this.#waiter = { holds, wake };
      });
      this.#waiter = undefined;
    }
    this.#throwFault();
    return holds(this.#receivedMs);
  }

  /** Controllers that listened do so as long as their server lives. */
  get #hasGone(): boolean {
    return this.#hasControllers && this.#commands.listenerCount === 0;
  }

  /** The stamp once it has stopped changing. */
  async #settledStampMs(): Promise<number> {
    for (;;) {
      const before = this.#receivedMs;
      await sleep(20);
      if (this.#receivedMs === before) return before;
    }
  }

  async #untilControllersListen(): Promise<void> {
    const deadlineMs = performance.now() + this.#timeoutMs;
    while (this.#commands.listenerCount === 0) {
      if (performance.now() > deadlineMs) {
        throw this.#failed(
          `no controller listens on ${this.axisNames.map((name) => this.#names.command(name)).join(", ")}`,
        );
      }
      await sleep(20);
    }
    this.#hasControllers = true;
  }

  #checkTargets(posRad: Float64Array): void {
    const { length } = this.axisNames;
    if (posRad.length !== length) {
      throw this.#failed(`targets: ${posRad.length} numbers, expected ${length}`);
    }
    const bad = posRad.findIndex((target) => !Number.isFinite(target));
    if (bad < 0) return;
    throw this.#failed(
      `targets: ${this.axisNames[bad] ?? ""} is ${String(posRad[bad])} rad, expected a finite number`,
    );
  }

  #failed(text: string): BridgeError {
    return new BridgeError(ErrorCode.SimFault, `Gazebo world ${this.#names.world}: ${text}`);
  }

  #throwFault(): void {
    if (this.#fault !== undefined) throw this.#fault;
  }
}
