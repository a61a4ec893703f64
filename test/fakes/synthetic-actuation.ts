import { readFileSync } from "node:fs";
import {
  ActuationMode,
  ActuationStatusField,
  type Actuation,
  type ActuationCommand,
  type ActuationEvent,
} from "../../bridge/contract/actuation.ts";
import type { DeviceDescription } from "../../bridge/contract/device.ts";

/** Also when this file runs from dist/. */
export const projectRoot = new URL(
  import.meta.url.includes("/dist/test/") ? "../../../" : "../../",
  import.meta.url,
);

/** The phone mount's profile, as the service loads it. */
export function phoneMount(): DeviceDescription {
  const url = new URL("devices/profiles/phone-mount-4dof.json", projectRoot);
  return JSON.parse(readFileSync(url, "utf8")) as DeviceDescription;
}

/** Remembers what it was sent and lets a test tell events by hand. Moves nothing. */
export class RecordingActuation implements Actuation {
  readonly device: DeviceDescription;
  readonly sent: ActuationCommand[] = [];
  mode: ActuationMode = ActuationMode.Active;
  moving = false;
  readonly #listeners: ((event: ActuationEvent) => void)[] = [];

  constructor(device = phoneMount()) {
    this.device = device;
  }

  send(command: ActuationCommand): void {
    this.sent.push(command);
  }

  onEvent(listener: (event: ActuationEvent) => void): void {
    this.#listeners.push(listener);
  }

  emit(event: ActuationEvent): void {
    if (event.kind === "mode") this.mode = event.mode;
    for (const listener of this.#listeners) listener(event);
  }

  readStatus(out: Float64Array): void {
    out.fill(0);
    out[ActuationStatusField.mode] = this.mode;
    out[ActuationStatusField.moving] = this.moving ? 1 : 0;
  }

  /** The kinds sent so far, in order: what most tests ask. */
  get kinds(): readonly string[] {
    return this.sent.map((command) =>
      command.kind === "stop" ? `stop ${command.level}` : command.kind,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Nothing is held.
  }
}
