import type { RosHostStats, RosTopicStats } from "./host-protocol.ts";
import { rosTopicName } from "./rtps/rosgraph/names.ts";
import type { ParticipantStats } from "./rtps/participant.ts";
import type { ReaderStats } from "./rtps/reader/reader.ts";
import type { WriterStats } from "./rtps/writer/writer.ts";

/** A participant's counters per ROS topic. `droppedCounts` is by ROS name. */
export function hostStats(
  stats: ParticipantStats,
  droppedCounts: ReadonlyMap<string, number>,
): RosHostStats {
  const topics = new Map<string, RosTopicStats>();
  const addTo = (topicName: string, more: Partial<RosTopicStats>): void => {
    const name = rosTopicName(topicName);
    const sum = { ...(topics.get(name) ?? emptyTopic(name, droppedCounts.get(name) ?? 0)) };
    for (const [key, value] of Object.entries(more) as [keyof typeof more, number][]) {
      Object.assign(sum, { [key]: (sum[key] as number) + value });
    }
    topics.set(name, sum);
  };
  for (const writer of stats.writers) addTo(writer.topicName, writerCounts(writer));
  for (const reader of stats.readers) addTo(reader.topicName, readerCounts(reader));
  return {
    peerCount: stats.peerCount,
    malformedCount: stats.malformedCount,
    malformedByKind: stats.malformedByKind,
    refusedCount: stats.refusedCount,
    endpointCount: stats.endpointCount,
    mismatchCount: stats.mismatchCount,
    topics: [...topics.values()],
    incompatibilities: stats.incompatibilities.map((found) => ({
      ...found,
      topicName: rosTopicName(found.topicName),
    })),
  };
}

function emptyTopic(name: string, droppedCount: number): RosTopicStats {
  return {
    name,
    sentCount: 0,
    sentBytes: 0,
    ackedCount: 0,
    resentCount: 0,
    receivedCount: 0,
    receivedBytes: 0,
    lostCount: 0,
    rejectedCount: 0,
    deadlineMissedCount: 0,
    droppedCount,
    matchedCount: 0,
  };
}

function writerCounts(writer: WriterStats): Partial<RosTopicStats> {
  const { sentCount, sentBytes, resentCount, lostCount, matchedCount } = writer;
  const { rejectedCount, deadlineMissedCount, ackedThrough } = writer;
  const counts = { sentCount, sentBytes, resentCount, lostCount, matchedCount };
  return { ...counts, rejectedCount, deadlineMissedCount, ackedCount: ackedThrough };
}

function readerCounts(reader: ReaderStats): Partial<RosTopicStats> {
  const { receivedCount, receivedBytes, lostCount, matchedCount, deadlineMissedCount } = reader;
  return { receivedCount, receivedBytes, lostCount, matchedCount, deadlineMissedCount };
}
