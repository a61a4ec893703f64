import type { RosTopic } from "../../bridge/contract/ros-transport.ts";
import type { Reader } from "./reader/reader.ts";
import type { Writer } from "./writer/writer.ts";

export interface TopicWriter {
  readonly topic: RosTopic;
  readonly matchedCount: number;
  /**
   * Sends one serialized message. The bytes are kept for resending and must not change. // hot path
   *
   * @returns false when it was refused: with `keep_all` and a reader that far behind.
   */
  publishOwned(cdr: Uint8Array): boolean;
  /** Sends a copy of one serialized message. // hot path */
  publish(cdr: Uint8Array): boolean;
  /** Says that this publisher is alive though it has nothing to send (`manual_by_topic`). */
  assertLiveliness(): void;
  close(): void;
}

export interface TopicReader {
  readonly topic: RosTopic;
  readonly matchedCount: number;
  /** Takes nothing more, and lets reliable writers know by not acknowledging, until `resume`. */
  pause(): void;
  resume(): void;
  close(): void;
}

/** @param close takes the writer out of the participant; may be called again. */
export function topicWriter(topic: RosTopic, writer: Writer, close: () => void): TopicWriter {
  return {
    topic,
    get matchedCount() {
      return writer.matchedCount;
    },
    publishOwned: (cdr) => writer.write(cdr),
    publish: (cdr) => writer.write(Uint8Array.prototype.slice.call(cdr)),
    assertLiveliness: () => {
      writer.assertLiveliness();
    },
    close,
  };
}

export function topicReader(topic: RosTopic, reader: Reader, close: () => void): TopicReader {
  return {
    topic,
    get matchedCount() {
      return reader.matchedCount;
    },
    pause: () => {
      reader.pause();
    },
    resume: () => {
      reader.resume();
    },
    close,
  };
}
