import process from "node:process";
import { rosNetwork } from "../../ros/environment.ts";
import { openRtpsTransport } from "../../ros/rtps-transport.ts";
import { Heartbeats } from "../contract/heartbeats.ts";
import type { Log } from "../contract/log.ts";
import type { RosNodeTransport } from "../contract/ros-services.ts";
import { workerEntry } from "./package-files.ts";

export { echoTopic } from "../../ros/cli/echo-topic.ts";
export { nodeLines, serviceLines, topicDetails, topicLines } from "../../ros/cli/graph-text.ts";
export { measureTopic } from "../../ros/cli/measure-topic.ts";
export { pause } from "../../ros/cli/topic-watch.ts";

/** A hidden node of its own in the ROS 2 graph, for looking. */
export interface RosLook extends AsyncDisposable {
  readonly transport: RosNodeTransport;
}

/**
 * Joins the graph as ROS's environment variables say, with the embedded transport.
 *
 * @throws BridgeError `config/invalid` for a variable that holds what it may not, `ros/transport`.
 */
export async function openRosLook({
  note,
}: {
  readonly note: (text: string) => void;
}): Promise<RosLook> {
  const transport = await openRtpsTransport({
    ...rosNetwork(process.env),
    interfaces: [],
    workerEntry: workerEntry("ros/rtps-host-worker.js"),
    nodeName: `_kairos_cli_${process.pid}`,
    namespace: "/",
    heartbeats: new Heartbeats(),
    log: problemsOnly(note),
    reason: "the command line needs nothing installed",
  });
  return { transport, [Symbol.asyncDispose]: () => transport[Symbol.asyncDispose]() };
}

/** Warnings and errors go to standard error as they are; the rest is nobody's business here. */
function problemsOnly(note: (text: string) => void): Log {
  const say = (fields: object, sentence: string): void => {
    note(`${sentence}: ${JSON.stringify(fields)}`);
  };
  const silent = (): void => undefined;
  const log: Log = { error: say, warn: say, info: silent, debug: silent, child: () => log };
  return log;
}
