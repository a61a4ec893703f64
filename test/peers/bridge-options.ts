import { parseArgs } from "node:util";
import type { RosQos } from "../../bridge/contract/ros-transport.ts";
import type { Shape } from "./bridge-kinds.ts";
import type { Loss } from "./tapped-link.ts";

/** The peers' command line (common/arguments.h) and what only the bridge's peer can do. */
export interface BridgeOptions {
  readonly mode: string;
  readonly kind: string;
  readonly topic: string;
  readonly qos: RosQos;
  readonly shape: Shape;
  readonly domainId: number;
  readonly discoveryRange: "LOCALHOST" | "SUBNET";
  /** Of cards to be reachable at: see `UdpLinkOptions`. */
  readonly interfaces: readonly string[];
  /** 0 = as fast as the writer takes samples. */
  readonly rateHz: number;
  /** Infinity unless given. */
  readonly count: number;
  readonly warmUp: number;
  readonly seconds: number;
  readonly readers: number;
  readonly lingerS: number;
  /** The participant in this thread instead of a worker's; implied by the options below. */
  readonly direct: boolean;
  readonly leaseMs: number | undefined;
  readonly loss: Loss | undefined;
  /** Where to keep the first datagrams received. */
  readonly record: string | undefined;
  /** Print memory this often; 0 = never. */
  readonly memoryPeriodMs: number;
}

export function bridgeOptions(): BridgeOptions {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      topic: { type: "string", default: "rt/test" },
      be: { type: "boolean", default: false },
      tl: { type: "boolean", default: false },
      direct: { type: "boolean", default: false },
      localhost: { type: "boolean", default: false },
      interfaces: { type: "string", multiple: true, default: [] },
      depth: { type: "string", default: "10" },
      domain: { type: "string", default: "0" },
      rate: { type: "string", default: "10" },
      count: { type: "string", default: "0" },
      "warm-up": { type: "string", default: "0" },
      secs: { type: "string", default: "30" },
      readers: { type: "string", default: "0" },
      linger: { type: "string", default: "1" },
      joints: { type: "string", default: "4" },
      points: { type: "string", default: "3" },
      bytes: { type: "string", default: "921600" },
      lease: { type: "string" },
      deadline: { type: "string", default: "0" },
      alive: { type: "string", default: "0" },
      loss: { type: "string" },
      seed: { type: "string", default: "1" },
      record: { type: "string" },
      memory: { type: "string", default: "0" },
    },
  });
  const [mode = "", kind = ""] = positionals;
  const { lease, loss, record } = values;
  return {
    mode,
    kind,
    topic: values.topic,
    qos: {
      reliability: values.be ? "best_effort" : "reliable",
      durability: values.tl ? "transient_local" : "volatile",
      depth: Number(values.depth),
      ...promises({ deadlineS: Number(values.deadline), aliveS: Number(values.alive) }),
    },
    shape: {
      joints: Number(values.joints),
      points: Number(values.points),
      bytes: Number(values.bytes),
    },
    domainId: Number(values.domain),
    discoveryRange: values.localhost ? "LOCALHOST" : "SUBNET",
    interfaces: values.interfaces,
    rateHz: Number(values.rate),
    count: Number(values.count) || Number.POSITIVE_INFINITY,
    warmUp: Number(values["warm-up"]),
    seconds: Number(values.secs),
    readers: Number(values.readers),
    lingerS: Number(values.linger),
    direct: values.direct || lease !== undefined || loss !== undefined || record !== undefined,
    leaseMs: lease === undefined ? undefined : Number(lease) * 1000,
    loss: loss === undefined ? undefined : { ratio: Number(loss), seed: Number(values.seed) },
    record,
    memoryPeriodMs: Number(values.memory),
  };
}

/** 0 = none, as for the other peers. */
function promises(options: {
  readonly deadlineS: number;
  readonly aliveS: number;
}): Partial<RosQos> {
  const { deadlineS, aliveS } = options;
  return {
    ...(deadlineS > 0 ? { deadlineMs: deadlineS * 1000 } : {}),
    ...(aliveS > 0 ? { livelinessLeaseMs: aliveS * 1000 } : {}),
  };
}
