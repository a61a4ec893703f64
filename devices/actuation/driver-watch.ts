import type { ActuationEvent } from "../../bridge/contract/actuation.ts";
import { DriverLink, type ActuatorDriver } from "../../bridge/contract/actuator-driver.ts";

/** Counters are told so often, if any has changed. */
const countersEveryMs = 1000;

/** Looks at a driver's health once a tick, and tells when it changes. */
export class DriverWatch {
  readonly #driver: ActuatorDriver;
  readonly #emit: (event: ActuationEvent) => void;
  readonly #ticksPerReport: number;
  #revision = -1;
  #tickCount = 0;
  #toldCounters = "";

  constructor(driver: ActuatorDriver, periodMs: number, emit: (event: ActuationEvent) => void) {
    this.#driver = driver;
    this.#emit = emit;
    this.#ticksPerReport = Math.round(countersEveryMs / periodMs);
  }

  /** The device cannot be driven: its link is not up or it reports a fault of its own. // hot path */
  get isDown(): boolean {
    return this.#driver.health.link !== DriverLink.Up;
  }

  /** Why, for people; empty while it can. */
  get problem(): string {
    const { link, reason } = this.#driver.health;
    switch (link) {
      case DriverLink.Up:
        return "";
      case DriverLink.Opening:
        return `the link is being opened${reason === "" ? "" : `: ${reason}`}`;
      case DriverLink.Lost:
        return `link lost: ${reason}`;
      case DriverLink.Fault:
        return `the device is in fault: ${reason}`;
      default:
        return link satisfies never;
    }
  }

  /** Allocates only when there is something to tell, and once a second. // hot path */
  tick(): void {
    this.#tickCount += 1;
    const { health } = this.#driver;
    if (health.revision !== this.#revision) this.#tell();
    else if (this.#tickCount % this.#ticksPerReport === 0) this.#tellCounters();
  }

  #tellCounters(): void {
    const text = JSON.stringify(this.#driver.health.counters);
    if (text !== this.#toldCounters) this.#tell();
  }

  #tell(): void {
    const { link, reason, revision, counters } = this.#driver.health;
    const isNews = this.#revision !== -1 || link !== DriverLink.Up;
    this.#revision = revision;
    this.#toldCounters = JSON.stringify(counters);
    if (isNews || this.#toldCounters !== "{}") {
      this.#emit({ kind: "driver", link, reason, counters: { ...counters } });
    }
  }
}
