import type { RosNodeTransport } from "../../bridge/contract/ros-services.ts";
import type { ActionHandler, RosAction, RosActions } from "./action-port.ts";
import { ServiceActionClient } from "./service-action-client.ts";
import { type ActionServerOptions, ServiceActionServer } from "./service-action-server.ts";

/** Actions over any transport that has services. */
export function serviceActions(
  transport: RosNodeTransport,
  options: ActionServerOptions,
): RosActions {
  return {
    serveAction: (action: RosAction, handler: ActionHandler) =>
      new ServiceActionServer(transport, action, handler, options),
    actionClient: (action: RosAction) => new ServiceActionClient(transport, action),
  };
}
