import type { RosServices, RosServiceServer } from "../../bridge/contract/ros-services.ts";
import { serviceCodec } from "../messages/service-codec.ts";
import type { NodeService } from "./node-service.ts";

/**
 * Answers every service of the list. A request that cannot be read gets no answer, as in rmw: the
 * transport logs it.
 */
export function serveAll(
  node: Pick<RosServices, "serve">,
  services: readonly NodeService[],
): readonly RosServiceServer[] {
  return services.map(({ name, type, answer }) => {
    const codec = serviceCodec(type);
    return node.serve({ name, type }, async (cdr) =>
      codec.writeResponse(await answer(codec.readRequest(cdr))),
    );
  });
}
