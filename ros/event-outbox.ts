import type { RosEvent } from "../bridge/contract/ros-transport.ts";

/** Different events between two ticks; what comes beyond waits for nobody and is lost. */
const maxEvents = 256;

/**
 * Events on their way to the owner's thread. Between two ticks the newest of a kind takes the place of
 * the older ones: it carries the total count.
 */
export class EventOutbox {
  readonly #waiting = new Map<string, RosEvent>();

  push(event: RosEvent): void {
    const key = keyOf(event);
    if (this.#waiting.size < maxEvents || this.#waiting.has(key)) this.#waiting.set(key, event);
  }

  /** Hands over what is waiting, oldest first. */
  flush(post: (event: RosEvent) => void): void {
    for (const event of this.#waiting.values()) post(event);
    this.#waiting.clear();
  }
}

function keyOf(event: RosEvent): string {
  const about = `${event.kind} ${event.side} ${event.topic}`;
  return "peer" in event ? `${about} ${event.peer}` : about;
}
