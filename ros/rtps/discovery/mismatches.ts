import type { Log } from "../../../bridge/contract/log.ts";
import type { RosEvent, RosPolicy } from "../../../bridge/contract/ros-transport.ts";
import { rosTopicName } from "../rosgraph/names.ts";
import { type Guid, guidKey, guidText, type PrefixKey } from "../wire/guid.ts";

/** A writer and a reader of the same topic that may not be matched. */
export interface Incompatibility {
  readonly topicName: string;
  readonly peer: string;
  readonly policies: readonly RosPolicy[];
}

/** One of our endpoints and one of a peer's, on the same topic. */
export interface EndpointPair {
  readonly local: Guid;
  readonly side: RosEvent["side"];
  readonly topicName: string;
  readonly remote: Guid;
  readonly peerName: string;
}

interface Mismatch {
  readonly pair: EndpointPair;
  /** Empty: the types differ. */
  readonly policies: readonly RosPolicy[];
}

/** Pairs remembered; what comes beyond is counted, neither named nor told. */
const maxNamed = 256;

/**
 * Pairs that would match but for their quality of service or their type. Each is logged and told of once,
 * and forgotten when it matches after all or one of the two is gone.
 */
export class Mismatches {
  /** Pairs refused, those too many to be named included. */
  totalCount = 0;
  readonly #log: Log;
  readonly #emit: (event: RosEvent) => void;
  readonly #byPair = new Map<string, Mismatch>();

  constructor(log: Log, emit: (event: RosEvent) => void) {
    this.#log = log;
    this.#emit = emit;
  }

  get incompatibilities(): readonly Incompatibility[] {
    return [...this.#byPair.values()]
      .filter(({ policies }) => policies.length > 0)
      .map(({ pair, policies }) => ({
        topicName: pair.topicName,
        peer: pair.peerName,
        policies,
      }));
  }

  addPolicies(pair: EndpointPair, policies: readonly RosPolicy[]): void {
    if (!this.#isNews({ pair, policies })) return;
    this.#log.warn({ ...fields(pair), policies }, "QoS is incompatible, not matched");
    this.#emit({ kind: "incompatible-qos", ...about(pair), policies });
  }

  addTypes(
    pair: EndpointPair,
    types: { readonly ownType: string; readonly peerType: string },
  ): void {
    if (!this.#isNews({ pair, policies: [] })) return;
    this.#log.warn({ ...fields(pair), ...types }, "types of one topic differ, not matched");
    this.#emit({ kind: "incompatible-type", ...about(pair), ...types });
  }

  /** The pair is no longer refused. */
  delete(local: Guid, remote: Guid): void {
    this.#byPair.delete(pairKey(local, remote));
  }

  /** One of our endpoints, or one of a peer's, is gone. */
  forget(endpoint: Guid): void {
    const key = guidKey(endpoint);
    for (const [pair, { pair: ends }] of this.#byPair) {
      if (guidKey(ends.local) === key || guidKey(ends.remote) === key) this.#byPair.delete(pair);
    }
  }

  forgetPeer(prefix: PrefixKey): void {
    for (const [pair, { pair: ends }] of this.#byPair) {
      if (ends.remote.prefix === prefix) this.#byPair.delete(pair);
    }
  }

  /** Remembers the pair; false when it was known for the same reason, or there are too many. */
  #isNews(mismatch: Mismatch): boolean {
    const key = pairKey(mismatch.pair.local, mismatch.pair.remote);
    const known = this.#byPair.get(key);
    if (known?.policies.join() === mismatch.policies.join()) return false;
    this.totalCount += 1;
    if (known === undefined && this.#byPair.size >= maxNamed) return false;
    this.#byPair.set(key, mismatch);
    return true;
  }
}

function pairKey(local: Guid, remote: Guid): string {
  return guidKey(remote) + guidKey(local);
}

function about({ topicName, side, peerName }: EndpointPair): Pick<RosEvent, "topic" | "side"> & {
  readonly peer: string;
} {
  return { topic: rosTopicName(topicName), side, peer: peerName };
}

function fields(pair: EndpointPair): Readonly<Record<string, unknown>> {
  return { ...about(pair), endpoint: guidText(pair.remote) };
}
