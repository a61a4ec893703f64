import type { NodeAssignment } from "../../../bridge/contract/engine.ts";
import { ErrorCode } from "../../../bridge/contract/errors.ts";
import { addressesAt, type Address } from "./native-library.ts";
import type { OrtApi } from "./ort-api.ts";

/** The session setting that makes ONNX Runtime keep the record, from the release that can show it. */
export const recordAssignment = "session.record_ep_graph_assignment_info";

/** Whether this library can say which provider got which nodes. */
export const canShowAssignment = ({ functions }: OrtApi): boolean =>
  functions.Session_GetEpGraphAssignmentInfo !== undefined;

/** Nodes per provider, in the order the providers appear in the graph; undefined where not kept. */
export function readAssignment(
  api: OrtApi,
  session: Address,
  what: string,
): NodeAssignment[] | undefined {
  const {
    Session_GetEpGraphAssignmentInfo: subgraphsOf,
    EpAssignedSubgraph_GetEpName: nameOf,
    EpAssignedSubgraph_GetNodes: nodesOf,
  } = api.functions;
  if (subgraphsOf === undefined || nameOf === undefined || nodesOf === undefined) return undefined;
  const code = ErrorCode.EngineSession;
  const out = new BigUint64Array(1);
  const count = new BigUint64Array(1);
  api.check(subgraphsOf(session, out, count), code, what);
  const counts = new Map<string, number>();
  for (const subgraph of addressesAt(out[0] ?? 0n, Number(count[0]))) {
    const provider = api.text(api.make((name) => nameOf(subgraph, name), code, what));
    const nodes = new BigUint64Array(1);
    const nodeCount = new BigUint64Array(1);
    api.check(nodesOf(subgraph, nodes, nodeCount), code, what);
    counts.set(provider, (counts.get(provider) ?? 0) + Number(nodeCount[0]));
  }
  return Array.from(counts, ([provider, nodeCount]) => ({ provider, nodeCount }));
}
