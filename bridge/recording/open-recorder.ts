import type { Config } from "../config.ts";
import type { Actuation } from "../contract/actuation.ts";
import type { Clock } from "../contract/clock.ts";
import { errorText } from "../contract/errors.ts";
import type { Log } from "../contract/log.ts";
import type { WorldModel } from "../contract/world-model.ts";
import type { SharedMemory } from "../shared-memory.ts";
import { Recorder } from "./recorder.ts";
import { RecordingWriter } from "./recording-writer.ts";

export interface OpenRecorderParts {
  readonly clock: Clock;
  readonly memory: Pick<SharedMemory, "telemetry" | "setpoints" | "camera">;
  readonly actuation: Actuation;
  readonly model: WorldModel;
  readonly faults: { readonly texts: readonly string[] } | undefined;
  readonly log: Log;
}

/** Undefined unless `record.path` asks for it. @throws BridgeError if the file cannot be made. */
export async function openRecorder(
  config: Config,
  parts: OpenRecorderParts,
): Promise<Recorder | undefined> {
  const { path, pictures } = config.record;
  if (path === "") return undefined;
  const { clock, memory, actuation, model, faults, log } = parts;
  const { device } = actuation;
  const { id, revision, sha256, stepS } = model.description;
  const startMs = clock.monotonicMs();
  const writer = await RecordingWriter.open(path, {
    version: 1,
    deviceId: device.id,
    deviceProfile: device.profile,
    axisNames: device.axes.map((axis) => axis.name),
    model: { id, revision, sha256 },
    modelStepMs: stepS * 1000,
    startMs,
    startNs: String(clock.stampNsAt(startMs)),
    faults: faults?.texts ?? [],
  });
  log.info({ path, pictures }, "recording");
  return new Recorder({
    writer,
    rings: memory,
    camera: memory.camera,
    pictures,
    actuation,
    clock,
    onFailure: (error) => {
      log.error({ path, text: errorText(error) }, "the recording has ended early");
    },
  });
}
