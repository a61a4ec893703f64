import { dirname, relative } from "node:path/posix";
import type {
  Engine,
  EngineSession,
  ProviderRequest,
  SessionOptions,
} from "../../bridge/contract/engine.ts";
import { BridgeError, ErrorCode } from "../../bridge/contract/errors.ts";
import type { Graph } from "../package/graph-schema.ts";
import { packageFile, type ModelPackage } from "../package/load-package.ts";
import { isInOrtRange } from "../package/ort-range.ts";

/** Opens a session for the graph of that name: the place where a provider is chosen per graph. */
export type GraphOpener = (graph: string) => Promise<EngineSession>;

/** Every graph on one provider. */
export function openerOf(
  engine: Engine,
  pack: ModelPackage,
  provider?: ProviderRequest,
): GraphOpener {
  const { version } = engine.info;
  return (graph) => engine.openSession(sessionOptions(pack, graph, provider, version));
}

/**
 * What a session of this graph is made of on this provider: the package's twin for it where there is
 * one, its tuning options under the operator's, and the weights the graph keeps in files of their
 * own. A provider that the package knows not to serve the graph gives way to the CPU.
 *
 * @param provider default the CPU, without tuning.
 * @param ortVersion of the ONNX Runtime that will run it; a twin for newer ones only is not used.
 */
export function sessionOptions(
  pack: ModelPackage,
  name: string,
  provider?: ProviderRequest,
  ortVersion = "0",
): SessionOptions {
  const graph = graphOf(pack, name);
  const asked = provider === undefined ? undefined : graph.providers[provider.name];
  const isUsed = provider !== undefined && asked?.use !== false;
  const hint = isUsed ? asked : graph.providers["cpu"];
  const isServed = isInOrtRange(hint?.ort ?? ">=0.0", ortVersion);
  const source = hint?.file === undefined || !isServed ? graph : { ...hint, file: hint.file };
  return {
    name: source.file,
    model: packageFile(pack, source.file),
    ...(source.external_data.length === 0 ? {} : { externalData: externalData(pack, source) }),
    ...(isUsed ? { provider: withHints(provider, hint?.options) } : {}),
  };
}

export function graphOf(pack: ModelPackage, name: string): Graph {
  const graphs: Readonly<Record<string, Graph | undefined>> = pack.manifest.graphs;
  const graph = Object.hasOwn(graphs, name) ? graphs[name] : undefined;
  if (graph !== undefined) return graph;
  throw new BridgeError(ErrorCode.ModelMissing, `${pack.manifest.id} has no graph ${name}`);
}

function withHints(
  provider: ProviderRequest,
  hints: Readonly<Record<string, string>> | undefined,
): ProviderRequest {
  if (hints === undefined || Object.keys(hints).length === 0) return provider;
  return { ...provider, options: { ...hints, ...provider.options } };
}

/** A graph names its data files relative to itself (onnx.proto, TensorProto.external_data). */
function externalData(
  pack: ModelPackage,
  { file, external_data }: Pick<Graph, "file" | "external_data">,
): ReadonlyMap<string, Uint8Array> {
  const from = dirname(file);
  return new Map(external_data.map((path) => [relative(from, path), packageFile(pack, path)]));
}
