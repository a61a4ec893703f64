import type { ZmtpConnection, ZmtpListener } from "./zmtp-connection.ts";
import { encodeMessage } from "./zmtp-frames.ts";
import type { ZmtpCommand } from "./zmtp-handshake.ts";

/** Of one peer; Gazebo subscribes once per topic. */
const maxFilters = 1024;
const subscribeByte = 1;
const cancelByte = 0;

/**
 * The publishing side of one process: the subscriptions its peers sent, and who gets what. A peer that
 * does not keep up loses messages, never anybody else.
 */
export class Publications {
  readonly #filters = new Map<ZmtpConnection, Set<string>>();
  /** Messages that a slow peer did not get. */
  droppedCount = 0;

  readonly listener: ZmtpListener = {
    onReady: (connection) => {
      this.#filters.set(connection, new Set());
    },
    onMessage: (connection, parts) => {
      const first = parts[0];
      if (parts.length !== 1 || first === undefined || first.length === 0) return;
      if (first[0] === subscribeByte) this.#subscribe(connection, first.subarray(1));
      else if (first[0] === cancelByte) this.#cancel(connection, first.subarray(1));
    },
    onCommand: (connection, { name, data }: ZmtpCommand) => {
      if (name === "SUBSCRIBE") this.#subscribe(connection, data);
      else if (name === "CANCEL") this.#cancel(connection, data);
    },
    onClosed: (connection) => {
      this.#filters.delete(connection);
    },
  };

  /** How many peers want `topic`. */
  subscriberCount(topic: string): number {
    let count = 0;
    for (const filters of this.#filters.values()) if (wants(filters, topic)) count += 1;
    return count;
  }

  /**
   * Sends to every peer that subscribed; returns how many. // hot path
   *
   * @param topic in latin1, as the subscriptions are kept; `parts[0]` holds the same bytes.
   */
  publish(topic: string, parts: readonly Uint8Array[]): number {
    let message: Buffer | undefined;
    let sentCount = 0;
    for (const [connection, filters] of this.#filters) {
      if (!wants(filters, topic)) continue;
      message ??= encodeMessage(parts);
      if (connection.sendEncoded(message)) sentCount += 1;
      else this.droppedCount += 1;
    }
    return sentCount;
  }

  #subscribe(connection: ZmtpConnection, topic: Uint8Array): void {
    const filters = this.#filters.get(connection);
    if (filters === undefined) return;
    if (filters.size >= maxFilters) connection.close(`more than ${maxFilters} subscriptions`);
    else filters.add(Buffer.from(topic).toString("latin1"));
  }

  #cancel(connection: ZmtpConnection, topic: Uint8Array): void {
    this.#filters.get(connection)?.delete(Buffer.from(topic).toString("latin1"));
  }
}

/** ZeroMQ subscriptions are prefixes. */
function wants(filters: ReadonlySet<string>, topic: string): boolean {
  if (filters.has(topic)) return true;
  for (const filter of filters) if (topic.startsWith(filter)) return true;
  return false;
}
