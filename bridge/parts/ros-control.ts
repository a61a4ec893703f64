import type { Lifecycle } from "../../ros/node/lifecycle.ts";
import { nodeService, type NodeService } from "../../ros/node/node-service.ts";
import { errorText } from "../contract/errors.ts";
import type { ControlDesk } from "../control/desk.ts";
import type { ClientMessage } from "../control/messages.ts";
import type { ServerMessage } from "../control/server-messages.ts";

export interface RosControlOptions {
  readonly desk: ControlDesk;
  readonly lifecycle: Lifecycle;
  readonly resetModel: () => Promise<void>;
  /** Monotonic ms. */
  readonly now: () => number;
}

interface Verdict {
  readonly success: boolean;
  readonly message: string;
}

/** A request that carries no other id. */
const requestId = 0;

/**
 * The services by which ROS stops and resets: the same messages, judged by the same desk, as those of
 * a WebSocket client. Stop is never refused; a reset lets new commands be judged and moves nothing.
 */
export function controlServices(options: RosControlOptions): readonly NodeService[] {
  const { desk, lifecycle, resetModel, now } = options;
  const stop = (level: "hold" | "estop") => () =>
    ask(desk, { type: "stop", id: requestId, level, reason: "asked for over ROS" }, now());
  return [
    nodeService("~/stop", "std_srvs/srv/Trigger", stop("hold")),
    nodeService("~/estop", "std_srvs/srv/Trigger", stop("estop")),
    nodeService("~/reset", "std_srvs/srv/Trigger", () =>
      ask(desk, { type: "reset", id: requestId }, now()),
    ),
    nodeService("~/reset_model", "std_srvs/srv/Trigger", async () => {
      try {
        await resetModel();
        return { success: true, message: "the model has forgotten what it observed" };
      } catch (error) {
        return { success: false, message: errorText(error) };
      }
    }),
    nodeService("~/set_mode", "std_srvs/srv/SetBool", async ({ data }) => {
      const wanted = data ? "active" : "inactive";
      if (lifecycle.state.label === wanted) return { success: true, message: `already ${wanted}` };
      const success = await lifecycle.change({ id: 0, label: data ? "activate" : "deactivate" });
      return { success, message: `the node is ${lifecycle.state.label}` };
    }),
  ];
}

/** One visit to the desk: a session that says one thing, hears the answer, and leaves. */
function ask(desk: ControlDesk, message: ClientMessage, nowMs: number): Verdict {
  const id = `ros-${++visitCount}`;
  const heard: ServerMessage[] = [];
  const peer = { send: (answer: ServerMessage) => heard.push(answer), end: () => undefined };
  desk.open({ id, role: "controller", client: "ros" }, peer);
  desk.handle(id, message, nowMs);
  desk.close(id, "request answered");
  const ack = heard.find((answer) => answer.type === "ack");
  if (ack === undefined) return { success: false, message: "the desk gave no answer" };
  return { success: ack.status !== "rejected", message: ack.reason ?? ack.status };
}

let visitCount = 0;
