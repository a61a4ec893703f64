import type { GraphServiceName, GraphServices } from "../messages/graph-services.ts";

/** One service of a node: its name (relative, `~/` or absolute), its type, and who answers. */
export interface NodeService<Type extends GraphServiceName = GraphServiceName> {
  readonly name: string;
  readonly type: Type;
  readonly answer: (
    request: GraphServices[Type]["request"],
  ) => GraphServices[Type]["response"] | Promise<GraphServices[Type]["response"]>;
}

/** A service whose answer is checked against its type; lists of services then forget the type. */
export function nodeService<Type extends GraphServiceName>(
  name: string,
  type: Type,
  answer: NodeService<Type>["answer"],
): NodeService {
  return { name, type, answer };
}
