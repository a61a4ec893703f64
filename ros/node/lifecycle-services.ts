import type { TransitionDescription } from "../messages/graph-messages.ts";
import {
  LifecycleState,
  lifecycleTransitions,
  type LifecycleTransition,
} from "./lifecycle-graph.ts";
import type { Lifecycle } from "./lifecycle.ts";
import { nodeService, type NodeService } from "./node-service.ts";

/** The services that `ros2 lifecycle` and nav2's lifecycle manager speak to. */
export function lifecycleServices(lifecycle: Lifecycle): readonly NodeService[] {
  return [
    nodeService("~/change_state", "lifecycle_msgs/srv/ChangeState", async ({ transition }) => ({
      success: await lifecycle.change(transition),
    })),
    nodeService("~/get_state", "lifecycle_msgs/srv/GetState", () => ({
      current_state: lifecycle.state,
    })),
    nodeService("~/get_available_states", "lifecycle_msgs/srv/GetAvailableStates", () => ({
      available_states: [{ id: 0, label: "unknown" }, ...Object.values(LifecycleState)],
    })),
    nodeService(
      "~/get_available_transitions",
      "lifecycle_msgs/srv/GetAvailableTransitions",
      () => ({ available_transitions: lifecycle.available().map(transitionDescription) }),
    ),
    nodeService("~/get_transition_graph", "lifecycle_msgs/srv/GetAvailableTransitions", () => ({
      available_transitions: lifecycleTransitions.map(transitionDescription),
    })),
  ];
}

export function transitionDescription(transition: LifecycleTransition): TransitionDescription {
  const { id, label, start, goal } = transition;
  return { transition: { id, label }, start_state: start, goal_state: goal };
}
