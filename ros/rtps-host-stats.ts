import type { RosHostStats, RosTopicStats } from "./host-protocol.ts";
import { rosTopicName } from "./rtps/rosgraph/names.ts";
import type { ParticipantStats } from "./rtps/participant.ts";

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
  for (const { topicName, ackedThrough, ...counts } of stats.writers) {
    addTo(topicName, { ...counts, ackedCount: ackedThrough });
  }
  for (const {
    topicName,
    receivedCount,
    receivedBytes,
    lostCount,
    matchedCount,
  } of stats.readers) {
    addTo(topicName, { receivedCount, receivedBytes, lostCount, matchedCount });
  }
  return {
    peerCount: stats.peerCount,
    malformedCount: stats.malformedCount,
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
    droppedCount,
    matchedCount: 0,
  };
}
