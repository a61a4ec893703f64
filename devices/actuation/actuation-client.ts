import {
  ActuationMode,
  actuationStatusWidth,
  type Actuation,
  type ActuationCommand,
  type ActuationEvent,
} from "../../bridge/contract/actuation.ts";
import type { DeviceDescription } from "../../bridge/contract/device.ts";
import { BridgeError, ErrorCode } from "../../bridge/contract/errors.ts";
import type { Heartbeats } from "../../bridge/contract/heartbeats.ts";
import { previewHeaderWidth } from "../../bridge/contract/preview.ts";
import type { SampleRing } from "../../bridge/contract/sample-ring.ts";
import type { SharedRow } from "../../bridge/contract/shared-row.ts";
import { WorkerHost } from "../../bridge/contract/worker-host.ts";
import type { FaultPlanData } from "../../bridge/core/faults/fault-plan.ts";
import type { DriverChoice } from "../drivers/open-driver.ts";
import type {
  ActuationReady,
  ActuationWorkerData,
  FromActuation,
  ToActuation,
} from "./actuation-protocol.ts";
import { previewStepMs } from "./controller.ts";

export interface ActuationOptions {
  /** Compiled actuation-worker.js. */
  readonly entry: URL;
  readonly device: DeviceDescription;
  readonly driver: DriverChoice;
  /** Width 3 * axes. */
  readonly telemetry: SampleRing;
  /** Width 2 * axes. */
  readonly setpoints: SampleRing;
  /** Width `previewWidth(...)`: how many samples fit is how far it looks. */
  readonly preview: SharedRow;
  /** Width `actuationStatusWidth`. */
  readonly status: SharedRow;
  readonly heartbeats: Heartbeats;
  /** Made to fail on the way to the device and back. */
  readonly faults?: FaultPlanData;
  /** 1, 2, 2.5, 5 or 10: whole ticks make a preview sample. Default 5 (200 Hz). */
  readonly periodMs?: number;
}

/**
 * Starts the actuation thread. Motion is accepted once the device's telemetry and the main thread's
 * heartbeat have been seen.
 *
 * @throws BridgeError `device/profile` if a buffer does not fit the device, `config/invalid` for a
 *   period that does not fit the preview; the worker's own code.
 */
export async function openActuation(options: ActuationOptions): Promise<ActuationClient> {
  const { device, driver, periodMs = 5 } = options;
  const axisCount = device.axes.length;
  expectWidth("telemetry", options.telemetry.width, 3 * axisCount);
  expectWidth("setpoints", options.setpoints.width, 2 * axisCount);
  expectWidth("status", options.status.width, actuationStatusWidth);
  expectPeriod(periodMs);
  const data: ActuationWorkerData = {
    device,
    driver,
    periodMs,
    previewSampleCount: Math.floor((options.preview.width - previewHeaderWidth) / axisCount),
    telemetry: options.telemetry.buffer,
    setpoints: options.setpoints.buffer,
    preview: options.preview.buffer,
    status: options.status.buffer,
    heartbeats: options.heartbeats.buffer,
    ...(options.faults === undefined ? {} : { faults: options.faults }),
  };
  const host = await WorkerHost.open<ToActuation, FromActuation, ActuationReady>({
    name: "actuation",
    entry: options.entry,
    workerData: data,
    readyTimeoutMs: 10_000,
  });
  return new ActuationClient(device, host, options.status);
}

/** The actuation thread as its owner holds it. */
export class ActuationClient implements Actuation {
  readonly device: DeviceDescription;
  readonly driverName: string;
  /** Resolves when the thread is gone, with the error if it died by itself. */
  readonly exited: Promise<BridgeError | undefined>;
  readonly #host: WorkerHost<ToActuation, FromActuation, ActuationReady>;
  readonly #status: SharedRow;
  readonly #listeners: ((event: ActuationEvent) => void)[] = [];
  #gone = false;

  constructor(
    device: DeviceDescription,
    host: WorkerHost<ToActuation, FromActuation, ActuationReady>,
    status: SharedRow,
  ) {
    this.device = device;
    this.driverName = host.ready.driverName;
    this.exited = host.exited;
    this.#host = host;
    this.#status = status;
    host.onMessage((message) => {
      this.#tell(message.event);
    });
    void host.exited.then((error) => {
      this.#gone = true;
      if (error === undefined) return;
      this.#tell({ kind: "mode", mode: ActuationMode.Fault, reason: error.message });
    });
  }

  send(command: ActuationCommand): void {
    if (!this.#gone) {
      this.#host.post({ kind: "command", command });
      return;
    }
    if (!("commandId" in command)) return;
    const { commandId } = command;
    const reason = "the actuation thread has ended";
    this.#tell({ kind: "done", commandId, result: "rejected", reason });
  }

  onEvent(listener: (event: ActuationEvent) => void): void {
    this.#listeners.push(listener);
  }

  readStatus(out: Float64Array): void {
    if (!this.#status.read(out)) out.fill(0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#host[Symbol.asyncDispose]();
  }

  #tell(event: ActuationEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}

function expectWidth(name: string, found: number, expected: number): void {
  if (found === expected) return;
  throw new BridgeError(
    ErrorCode.DeviceProfile,
    `${name} rows are ${found} numbers wide, the device needs ${expected}`,
    { details: { name, found, expected } },
  );
}

function expectPeriod(periodMs: number): void {
  if (periodMs >= 1 && Number.isInteger(previewStepMs / periodMs)) return;
  throw new BridgeError(
    ErrorCode.ConfigInvalid,
    `actuation period is ${periodMs} ms, expected a whole fraction of ${previewStepMs} ms, at least 1`,
    { details: { periodMs } },
  );
}
