import { Lifecycle, type LifecycleCallbacks } from "../../ros/node/lifecycle.ts";
import {
  ActuationMode,
  ActuationStatusField,
  actuationStatusWidth,
  type Actuation,
} from "../contract/actuation.ts";
import { BridgeError, ErrorCode } from "../contract/errors.ts";
import type { Log } from "../contract/log.ts";
import type { ControlDesk } from "../control/desk.ts";

export interface ServiceLifecycleOptions {
  readonly desk: ControlDesk;
  readonly actuation: Actuation;
  readonly resetModel: () => Promise<void>;
  readonly log: Log;
}

/** The mount brakes from its fastest within 0.4 s; what still moves after this does not obey. */
const restLimitMs = 2000;
const restPollMs = 10;

/**
 * The service as a managed node. `active`: commands are judged, predictions are published. `inactive`:
 * the device stands, still tells its state, and takes no command from anybody. `unconfigured`: it tells
 * nothing but its diagnostics. Activating never moves anything: whoever wants motion commands it.
 */
export function serviceLifecycle(options: ServiceLifecycleOptions): Lifecycle {
  const { desk, actuation, resetModel, log } = options;
  const deviceId = actuation.device.id;
  const stand = async (state: string): Promise<"success"> => {
    desk.suspend(deviceId, `the node is ${state}, expected active`);
    await atRest(actuation);
    return "success";
  };
  const callbacks: LifecycleCallbacks = {
    configure: () => Promise.resolve("success"),
    activate: () => {
      if (modeOf(actuation) === ActuationMode.Fault) {
        log.warn({ device: deviceId }, "not activated: the device is in fault, needs a reset");
        return Promise.resolve("failure");
      }
      desk.resume(deviceId);
      return Promise.resolve("success");
    },
    deactivate: () => stand("inactive"),
    cleanup: async () => {
      await resetModel();
      return "success";
    },
    shutdown: () => stand("finalized"),
    onError: () => {
      desk.suspend(deviceId, "the node is unconfigured after an error, expected active");
      return Promise.resolve("success");
    },
  };
  const lifecycle = new Lifecycle(callbacks, log);
  lifecycle.onTransition(({ start, goal }) => {
    log.info({ from: start.label, to: goal.label }, "lifecycle");
  });
  return lifecycle;
}

/**
 * A device in fault takes an active node out of service. The reset that ends the fault brings back a
 * node that was taken out by it; one that somebody has shut down or cleaned up stays as it is.
 */
export function followFaults(lifecycle: Lifecycle, actuation: Actuation, log: Log): void {
  let returnTo: string | undefined;
  actuation.onEvent((event) => {
    if (event.kind !== "mode") return;
    if (event.mode === ActuationMode.Fault) {
      returnTo ??= lifecycle.state.label;
      log.error({ reason: event.reason }, "the device is in fault: the node leaves service");
      void lifecycle.fail();
    } else if (event.mode === ActuationMode.Active && returnTo !== undefined) {
      const wanted = returnTo;
      returnTo = undefined;
      void bringUp(lifecycle, wanted);
    }
  });
}

/** From `unconfigured` to `inactive` or `active`, as far as `wanted` says. */
export async function bringUp(lifecycle: Lifecycle, wanted: string): Promise<void> {
  if (lifecycle.state.label !== "unconfigured") return;
  if (wanted !== "active" && wanted !== "inactive") return;
  const configured = await lifecycle.change({ id: 0, label: "configure" });
  if (configured && wanted === "active") await lifecycle.change({ id: 0, label: "activate" });
}

async function atRest(actuation: Actuation): Promise<void> {
  for (let waitedMs = 0; isMoving(actuation); waitedMs += restPollMs) {
    if (waitedMs >= restLimitMs) {
      actuation.send({ kind: "stop", level: "estop", reason: "still moves after a stop" });
      throw new BridgeError(
        ErrorCode.DeviceTimeout,
        `the device still moves ${restLimitMs} ms after a stop, expected it at rest`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, restPollMs));
  }
}

function isMoving(actuation: Actuation): boolean {
  const row = new Float64Array(actuationStatusWidth);
  actuation.readStatus(row);
  return row[ActuationStatusField.moving] !== 0 || modeOf(actuation) === ActuationMode.Stopping;
}

function modeOf(actuation: Actuation): number | undefined {
  const row = new Float64Array(actuationStatusWidth);
  actuation.readStatus(row);
  return row[ActuationStatusField.mode];
}
