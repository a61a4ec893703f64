import type {
  RosEndpointInfo,
  RosGraph,
  RosNodeTransport,
  RosServiceClient,
  RosServiceServer,
} from "../../bridge/contract/ros-services.ts";
import type { RosTopic } from "../../bridge/contract/ros-transport.ts";
import { MemoryRosTransport } from "./memory-ros-transport.ts";

/** The graph inside the process, with a view of who publishes what. Serves nothing. */
export class MemoryRosGraph extends MemoryRosTransport implements RosNodeTransport {
  serve(): RosServiceServer {
    throw new Error("not in this graph");
  }

  client(): RosServiceClient {
    throw new Error("not in this graph");
  }

  graph(): Promise<RosGraph> {
    const names = [...new Set(this.advertised.map(({ name }) => name))];
    const published = (wanted: string): RosTopic[] =>
      this.advertised.filter(({ name }) => name === wanted);
    return Promise.resolve({
      nodes: [],
      services: [],
      topics: names.map((name) => ({
        name,
        types: [...new Set(published(name).map(({ type }) => type))],
        publishers: published(name).map(endpointOf),
        subscriptions: [],
      })),
    });
  }
}

const endpointOf = ({ type, qos }: RosTopic): RosEndpointInfo => {
  return { node: "/test", type, typeHash: "", qos };
};
