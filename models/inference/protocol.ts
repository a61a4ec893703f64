import type { DeviceDescription } from "../../bridge/contract/device.ts";
import type { ProviderRequest } from "../../bridge/contract/engine.ts";
import type { WorldModelDescription } from "../../bridge/contract/world-model.ts";
import type { OpenEngineOptions } from "../engine/open-engine.ts";
import type { MailboxSize } from "./mailbox.ts";

/** Everything an inference worker is given. */
export interface InferenceWorkerData {
  readonly packageFolder: string;
  readonly engine: OpenEngineOptions;
  readonly provider?: ProviderRequest;
  /** The device whose camera previews are re-projected; none: no previews. */
  readonly device?: DeviceDescription;
  readonly heartbeats?: SharedArrayBuffer;
  readonly maxCandidateCount: number;
  readonly maxFrameBytes: number;
}

/** What it tells once it serves. The mailbox is made there: only the package knows the horizon. */
export interface InferenceReady {
  readonly description: WorldModelDescription;
  readonly mailboxSize: MailboxSize;
  readonly mailbox: SharedArrayBuffer;
}
