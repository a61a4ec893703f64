import type { MetricFamily } from "../core/prometheus.ts";
import type { StreamStats } from "./stream-hub.ts";

/** What the stream adds to /metrics: who reads what, and what those lose who do not read. */
export function streamFamilies({ clientCount, topics }: StreamStats): readonly MetricFamily[] {
  const perTopic = (count: (topic: StreamStats["topics"][number]) => number) =>
    topics.map((each) => ({ labels: { topic: each.topic }, value: count(each) }));
  return [
    {
      name: "kairos_stream_clients",
      type: "gauge",
      help: "Clients on /v1/stream.",
      samples: [{ value: clientCount }],
    },
    {
      name: "kairos_stream_subscribers",
      type: "gauge",
      help: "Clients by what they take.",
      samples: perTopic(({ subscriberCount }) => subscriberCount),
    },
    {
      name: "kairos_stream_published_total",
      type: "counter",
      help: "Messages handed to the stream.",
      samples: perTopic(({ publishedCount }) => publishedCount),
    },
    {
      name: "kairos_stream_lost_total",
      type: "counter",
      help: "Messages dropped because a client did not read.",
      samples: perTopic(({ lostCount }) => lostCount),
    },
  ];
}
