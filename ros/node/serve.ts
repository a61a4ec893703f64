import { BridgeError, ErrorCode, errorText } from "../../bridge/contract/errors.ts";
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
    return node.serve({ name, type }, async (cdr) => {
      const request = decoded(() => codec.readRequest(cdr), type);
      return codec.writeResponse(await answer(request));
    });
  });
}

function decoded<T>(read: () => T, type: string): T {
  try {
    return read();
  } catch (error) {
    throw new BridgeError(ErrorCode.RosType, `no request of ${type}: ${errorText(error)}`, {
      cause: error,
    });
  }
}
