import type { DeviceDescription } from "../../bridge/contract/device.ts";
import type { ErrorCode } from "../../bridge/contract/errors.ts";
import type { RungRefusal } from "../../bridge/contract/model-status.ts";
import type { WorldModelDescription } from "../../bridge/contract/world-model.ts";
import type { OpenEngineOptions } from "../engine/open-engine.ts";
import type { LadderPlan } from "../ladder/rung.ts";
import type { MailboxSize } from "./mailbox.ts";

/** Everything an inference worker is given. */
export interface InferenceWorkerData {
  readonly packageFolder: string;
  readonly engine: OpenEngineOptions;
  /** Which providers to try and what they must pass; none: cpu, held to the golden rollout only. */
  readonly ladder?: LadderPlan;
  /** The device whose camera previews are re-projected; none: no previews. */
  readonly device?: DeviceDescription;
  readonly heartbeats?: SharedArrayBuffer;
  /** Laid out as `WorkerControl`. */
  readonly control?: SharedArrayBuffer;
  readonly maxCandidateCount: number;
  readonly maxFrameBytes: number;
}

/** What it tells once it serves. The mailbox is made there: only the package knows the horizon. */
export interface InferenceServing {
  readonly description: WorldModelDescription;
  readonly mailboxSize: MailboxSize;
  readonly mailbox: SharedArrayBuffer;
  /** Why better rungs of its ladder do not serve. */
  readonly refusals: readonly RungRefusal[];
  /** Providers its ONNX Runtime was built with. */
  readonly builtInProviders: readonly string[];
}

/** The package is sound, and no rung of its ladder passed: the thread ends after saying so. */
export interface InferenceRefused {
  readonly refusals: readonly RungRefusal[];
  readonly code: ErrorCode;
  readonly text: string;
}

export type InferenceReady = InferenceServing | InferenceRefused;
