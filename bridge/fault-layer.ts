import type { Config } from "./config.ts";
import { monotonicMs, type Clock } from "./contract/clock.ts";
import type { DeviceDescription } from "./contract/device.ts";
import { FrameMailbox } from "./contract/frame-mailbox.ts";
import type { ObservationSource } from "./contract/observation.ts";
import type { WorldModel } from "./contract/world-model.ts";
import { FaultPlan } from "./core/faults/fault-plan.ts";
import { FaultyClock } from "./core/faults/faulty-clock.ts";
import { FaultyFrames } from "./core/faults/faulty-frames.ts";
import { FaultyModel } from "./core/faults/faulty-model.ts";
import { FaultyObservations } from "./core/faults/faulty-observations.ts";
import { describeFault, parseFaults } from "./core/faults/parse-fault.ts";
import type { Closer } from "./core/lifecycle.ts";

/** A picture waits at most this long between the renderer and whoever looks. */
const relayPeriodMs = 5;

/** The wrappers of the running service around the ports whose faults were asked for. */
export interface FaultLayer {
  readonly plan: FaultPlan;
  /** The faults in their grammar, for people. */
  readonly texts: readonly string[];
  clock(inner: Clock): Clock;
  model(inner: WorldModel): WorldModel;
  observations(inner: ObservationSource): ObservationSource;
  /** Where the camera writes so that what arrives in `camera` is spoiled. */
  cameraBefore(camera: FrameMailbox, closers: Closer[]): FrameMailbox;
}

/**
 * Undefined when no fault was asked for: then nothing is wrapped. Starts count from `plan.begin`.
 *
 * @throws BridgeError `config/invalid` with every fault that there is not.
 */
export function openFaultLayer(config: Config, device: DeviceDescription): FaultLayer | undefined {
  const { list, seed } = config.faults;
  if (list.length === 0) return undefined;
  const axisNames = device.axes.map((axis) => axis.name);
  const faults = parseFaults(list, { axisNames, host: "service" });
  const plan = FaultPlan.create({ faults, seed });
  return {
    plan,
    texts: faults.map(describeFault),
    clock: (inner) => new FaultyClock(inner, plan),
    model: (inner) =>
      plan.has("model") ? new FaultyModel(inner, { plan, monotonicMs, sleep }) : inner,
    observations: (inner) =>
      plan.has("joints")
        ? new FaultyObservations(inner, { plan, monotonicMs, spoilsFrames: false })
        : inner,
    cameraBefore: (camera, closers) =>
      plan.has("camera") ? relayed(camera, plan, closers) : camera,
  };
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Another mailbox for the camera, whose pictures come into `camera` as the plan lets them. */
function relayed(camera: FrameMailbox, plan: FaultPlan, closers: Closer[]): FrameMailbox {
  const before = FrameMailbox.create(camera);
  const frames = new FaultyFrames(plan.at("camera"));
  let takenSequence = 0;
  let passedStampMs = Number.NaN;
  const timer = setInterval(() => {
    const nowMs = monotonicMs();
    if (before.sequence !== takenSequence) {
      const frame = before.readCopy();
      takenSequence = frame?.sequence ?? takenSequence;
      if (frame !== undefined) frames.offer(frame, nowMs);
    }
    const newest = frames.newest(nowMs);
    if (newest === undefined || newest.stampMs === passedStampMs) return;
    passedStampMs = newest.stampMs;
    camera.write(newest.stampMs, newest.rgb);
  }, relayPeriodMs);
  closers.push(() => {
    clearInterval(timer);
    return Promise.resolve();
  });
  return before;
}
