import type { Clock } from "../contract/clock.ts";
import type { DiagnosticEntry } from "../contract/diagnostics.ts";
import type { Log } from "../contract/log.ts";
import type { RosEvent, RosTransport } from "../contract/ros-transport.ts";

/** After so long without a new one, what happened is history: still shown, no longer a warning. */
const freshMs = 60_000;
/** Topics and peers come from the network, so what is kept of them is bounded. */
const maxKept = 32;

export interface RosEventsOptions {
  readonly transport: Pick<RosTransport, "onEvent">;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * What the transport tells of quality of service and types that do not fit, and of messages lost: logged, and
 * so on /rosout, when it is new, and kept for /diagnostics.
 */
export class RosEvents {
  readonly #clock: Clock;
  readonly #newest = new Map<string, string>();
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor({ transport, clock, log }: RosEventsOptions) {
    this.#clock = clock;
    transport.onEvent?.((event) => {
      if (this.#keep(event)) log.warn({ topic: event.topic }, rosEventText(event));
    });
  }

  diagnostics(): DiagnosticEntry {
    const isFresh = this.#clock.monotonicMs() - this.#lastMs < freshMs;
    return {
      name: "kairos_bridge: quality of service",
      level: isFresh ? "warn" : "ok",
      message: isFresh ? ([...this.#newest.values()].at(-1) ?? "") : "nothing new",
      values: Object.fromEntries(this.#newest),
    };
  }

  /** Whether it says what was not known before; counts that rise are not. */
  #keep(event: RosEvent): boolean {
    if (event.kind === "liveliness-changed") return false;
    const about = `${event.topic} ${event.side} ${event.kind}`;
    const key = "peer" in event ? `${about} ${event.peer}` : about;
    const text = rosEventText(event);
    const known = this.#newest.get(key);
    if (known === text) return false;
    this.#lastMs = this.#clock.monotonicMs();
    this.#newest.delete(key);
    this.#newest.set(key, text);
    for (const oldest of this.#newest.keys()) {
      if (this.#newest.size <= maxKept) break;
      this.#newest.delete(oldest);
    }
    return known === undefined;
  }
}

/** One sentence, with the words a ROS engineer searches for. */
export function rosEventText(event: RosEvent): string {
  const { topic } = event;
  switch (event.kind) {
    case "incompatible-qos": {
      const policies = event.policies.join(", ");
      return event.side === "publisher"
        ? `${event.peer} subscribes to ${topic} and requests incompatible QoS (${policies}): it gets no messages`
        : `${event.peer} publishes ${topic} and offers incompatible QoS (${policies}): its messages do not come`;
    }
    case "incompatible-type":
      return `${event.peer} has ${topic} as ${event.peerType}, expected ${event.ownType}: no messages pass`;
    case "deadline-missed":
      return `${topic}: ${event.totalCount} deadline(s) missed by the ${event.side}`;
    case "liveliness-lost":
      return `${topic}: liveliness of the publisher was lost ${event.totalCount} time(s)`;
    case "liveliness-changed":
      return `${topic}: ${event.aliveCount} publisher(s) alive, ${event.notAliveCount} not`;
    case "message-lost":
      return `${topic}: ${event.totalCount} message(s) lost`;
    case "history-full":
      return `${topic}: ${event.totalCount} message(s) refused, history is full of unacknowledged ones`;
    case "unsupported-encapsulation":
      return `${topic}: messages come in ${event.encapsulation}, which is not read`;
    default:
      return event satisfies never;
  }
}
