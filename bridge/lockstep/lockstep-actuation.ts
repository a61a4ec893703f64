import { ActuationController } from "../../devices/actuation/controller.ts";
import { ActuationLoop } from "../../devices/actuation/actuation-loop.ts";
import {
  actuationStatusWidth,
  type Actuation,
  type ActuationCommand,
  type ActuationEvent,
  type ActuationMode,
} from "../contract/actuation.ts";
import type { ActuatorDriver } from "../contract/actuator-driver.ts";
import type { DeviceDescription } from "../contract/device.ts";
import { errorText } from "../contract/errors.ts";
import type { Heartbeats } from "../contract/heartbeats.ts";
import { previewWidth } from "../contract/preview.ts";
import { SampleRing } from "../contract/sample-ring.ts";
import { SharedRow } from "../contract/shared-row.ts";
import type { InvariantMonitor } from "./invariant-monitor.ts";
import type { ManualTime } from "./manual-time.ts";

export interface LockstepActuationOptions {
  readonly device: DeviceDescription;
  readonly driver: ActuatorDriver;
  readonly heartbeats: Heartbeats;
  readonly time: ManualTime;
  readonly monitor: InvariantMonitor;
  readonly periodMs: number;
  /** How far the preview looks, in samples of 10 ms; 2 where nobody predicts. */
  readonly previewSampleCount: number;
}

/**
 * The actuation thread without the thread: the same loop and controller, a queue where the message
 * port was, and a timer that is pulled by hand.
 */
export class LockstepActuation implements Actuation {
  readonly device: DeviceDescription;
  readonly setpoints: SampleRing;
  readonly preview: SharedRow;
  /** Why the loop ended by itself, if it did. */
  failure: string | undefined;
  readonly #controller: ActuationController;
  readonly #loop: ActuationLoop;
  readonly #status = SharedRow.create(actuationStatusWidth);
  readonly #time: ManualTime;
  readonly #monitor: InvariantMonitor;
  readonly #listeners: ((event: ActuationEvent) => void)[] = [];
  /** Events cross the thread border too: main hears them when it runs next. */
  #toMain: ActuationEvent[] = [];
  #toLoop: ActuationCommand[] = [];
  #pull: (() => void) | undefined;
  #isArmed = true;

  constructor(options: LockstepActuationOptions) {
    const { device, driver, heartbeats, time, monitor, periodMs, previewSampleCount } = options;
    const axisCount = device.axes.length;
    this.device = device;
    this.#time = time;
    this.#monitor = monitor;
    this.setpoints = SampleRing.create({ capacity: 512, width: 2 * axisCount });
    this.preview = SharedRow.create(previewWidth({ sampleCount: previewSampleCount, axisCount }));
    this.#controller = new ActuationController({
      device,
      driver,
      heartbeats,
      setpoints: this.setpoints,
      preview: this.preview,
      previewSampleCount,
      status: this.#status,
      periodMs,
      emit: (event) => {
        monitor.event(event, time.nowMs);
        this.#toMain.push(event);
      },
    });
    this.#loop = new ActuationLoop({
      controller: this.#controller,
      driver,
      periodMs,
      takeWaiting: () => {
        this.#takeWaiting();
      },
      time: {
        monotonicMs: time.monotonicMs,
        startTimer: (run) => {
          this.#pull = run;
          return {
            refresh: () => (this.#isArmed = true),
            cancel: () => (this.#isArmed = false),
          };
        },
      },
    });
    void this.#loop.ended.then((failure) => {
      if (failure !== undefined) this.failure = errorText(failure);
    });
  }

  get mode(): ActuationMode {
    return this.#controller.mode;
  }

  send(command: ActuationCommand): void {
    this.#toLoop.push(command);
  }

  onEvent(listener: (event: ActuationEvent) => void): void {
    this.#listeners.push(listener);
  }

  readStatus(out: Float64Array): void {
    if (!this.#status.read(out)) out.fill(0);
  }

  /** One period of the actuation thread. Nothing once its loop has ended. */
  tick(): void {
    this.#monitor.beginTick();
    if (!this.#isArmed) return;
    this.#isArmed = false;
    this.#pull?.();
  }

  /** Passes on to the listeners what the loop has told since: part of the main thread's turn. */
  tellMain(): void {
    if (this.#toMain.length === 0) return;
    const events = this.#toMain;
    this.#toMain = [];
    for (const event of events) for (const listener of this.#listeners) listener(event);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.resolve();
  }

  #takeWaiting(): void {
    if (this.#toLoop.length === 0) return;
    const commands = this.#toLoop;
    this.#toLoop = [];
    for (const command of commands) {
      this.#monitor.accepting(command);
      this.#loop.accept(command);
      this.#monitor.accepted(this.#time.nowMs);
    }
  }
}
