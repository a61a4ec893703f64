import { emptyTopicStats, type RosHostStats, type RosTopicStats } from "./host-protocol.ts";
import { rosTopicName } from "./rtps/rosgraph/names.ts";
import type { ParticipantStats } from "./rtps/participant-stats.ts";
import type { ReaderStats } from "./rtps/reader/reader.ts";
import type { WriterStats } from "./rtps/writer/writer-options.ts";

/** A participant's counters per ROS topic. `droppedCounts` is by ROS name. */
export function hostStats(
  stats: ParticipantStats,
  droppedCounts: ReadonlyMap<string, number>,
): RosHostStats {
  const topics = new Map<string, RosTopicStats>();
  const addTo = (topicName: string, more: Partial<RosTopicStats>): void => {
    const name = rosTopicName(topicName);
    const droppedCount = droppedCounts.get(name) ?? 0;
    const sum = { ...(topics.get(name) ?? { ...emptyTopicStats(name), droppedCount }) };
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
