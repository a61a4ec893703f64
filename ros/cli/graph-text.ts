import type {
  RosEndpointInfo,
  RosGraph,
  RosTopicInfo,
} from "../../bridge/contract/ros-services.ts";
import type { RosPolicy, RosQos } from "../../bridge/contract/ros-transport.ts";
import { endpointQos, incompatiblePolicies } from "../rtps/params/qos.ts";

export interface ListOptions {
  /** Types behind the names. */
  readonly types?: boolean;
  /** Also what hides behind an underscore: actions' inner topics, command line tools. */
  readonly hidden?: boolean;
}

/** A name of which a part begins with an underscore is hidden (ROS 2, topic and service names). */
export const isHidden = (name: string): boolean => name.includes("/_");

const byChoice =
  ({ hidden = false }: ListOptions) =>
  ({ name }: { readonly name: string }): boolean =>
    hidden || !isHidden(name);

/** Names line by line, as `ros2 topic list`. */
export function topicLines({ topics }: RosGraph, options: ListOptions = {}): readonly string[] {
  return topics.filter(byChoice(options)).map((topic) => nameLine(topic, options));
}

/** As `ros2 service list`. */
export function serviceLines({ services }: RosGraph, options: ListOptions = {}): readonly string[] {
  return services
    .filter(byChoice(options))
    .filter(({ servers }) => servers.length > 0)
    .map((service) => nameLine(service, options));
}

/** As `ros2 node list`, with its warning where two have one name. */
export function nodeLines({ nodes }: RosGraph, options: ListOptions = {}): readonly string[] {
  const names = nodes.filter(byChoice(options)).map(({ name }) => name);
  const double = names.some((name, at) => names.indexOf(name) !== at);
  const warning = "WARNING: Be aware that there are nodes in the graph that share an exact name.";
  return [...(double ? [warning] : []), ...names];
}

const nameLine = (
  { name, types }: { readonly name: string; readonly types: readonly string[] },
  options: ListOptions,
): string => (options.types === true ? `${name} [${types.join(", ")}]` : name);

/** Who publishes and who subscribes with which quality of service, and what does not fit together. */
export function topicDetails({ topics }: RosGraph, options: ListOptions = {}): readonly string[] {
  const shown = topics.filter(byChoice(options));
  const problems = shown.flatMap(mismatches);
  return [
    "Published topics:",
    ...shown.flatMap((topic) => side(topic, topic.publishers, "publisher")),
    "",
    "Subscribed topics:",
    ...shown.flatMap((topic) => side(topic, topic.subscriptions, "subscriber")),
    ...(problems.length === 0 ? [] : ["", "Do not match:", ...problems]),
  ];
}

function side(
  { name, types }: RosTopicInfo,
  endpoints: readonly RosEndpointInfo[],
  word: string,
): readonly string[] {
  const count = endpoints.length;
  if (count === 0) return [];
  const counted = `${count} ${word}${count === 1 ? "" : "s"}`;
  return [
    ` * ${name} [${types.join(", ")}] ${counted}`,
    ...endpoints.map(({ node, qos }) => `     ${nodeText(node)}: ${qosText(qos)}`),
  ];
}

const nodeText = (node: string): string => (node === "" ? "(no ROS node)" : node);

/** In the words of `ros2 topic info --verbose`. */
export function qosText(qos: RosQos): string {
  const { reliability, durability, depth, history = "keep_last" } = qos;
  const { deadlineMs, lifespanMs, liveliness, livelinessLeaseMs } = qos;
  const more: readonly (readonly [string, number | undefined])[] = [
    ["deadline", deadlineMs],
    ["lifespan", lifespanMs],
    ["liveliness lease", livelinessLeaseMs],
  ];
  return [
    reliability.toUpperCase(),
    durability.toUpperCase(),
    history === "keep_all" ? "KEEP_ALL" : `KEEP_LAST (${depth})`,
    ...(liveliness === "manual_by_topic" ? ["MANUAL_BY_TOPIC"] : []),
    ...more.flatMap(([name, ms]) =>
      ms === undefined || !Number.isFinite(ms) ? [] : [`${name} ${ms} ms`],
    ),
  ].join(", ");
}

/** Each pair of publisher and subscription that will never meet, and why. */
function mismatches({ name, publishers, subscriptions }: RosTopicInfo): readonly string[] {
  return publishers.flatMap((publisher) =>
    subscriptions.flatMap((subscription) => {
      const policies = apart(publisher, subscription);
      if (policies.length === 0) return [];
      const pair = `${nodeText(publisher.node)} -> ${nodeText(subscription.node)}`;
      return [` * ${name}: ${pair}: ${policies.join(", ")}`];
    }),
  );
}

function apart(
  publisher: RosEndpointInfo,
  subscription: RosEndpointInfo,
): readonly (RosPolicy | "TYPE")[] {
  const policies = incompatiblePolicies(endpointQos(publisher.qos), endpointQos(subscription.qos));
  return publisher.type === subscription.type ? policies : ["TYPE", ...policies];
}

/**
 * The quality of service to listen with: as much as every publisher offers, so that all are heard
 * (`ros2 topic echo` does the same).
 */
export function listeningQos(publishers: readonly RosEndpointInfo[]): RosQos {
  const all = (holds: (qos: RosQos) => boolean): boolean =>
    publishers.length > 0 && publishers.every(({ qos }) => holds(qos));
  return {
    reliability: all((qos) => qos.reliability === "reliable") ? "reliable" : "best_effort",
    durability: all((qos) => qos.durability === "transient_local") ? "transient_local" : "volatile",
    depth: 100,
  };
}
