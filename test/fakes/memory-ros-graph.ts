import { BridgeError, ErrorCode } from "../../bridge/contract/errors.ts";
import type {
  RosEndpointInfo,
  RosGraph,
  RosNodeTransport,
  RosRequestHandler,
  RosService,
  RosServiceClient,
  RosServiceServer,
} from "../../bridge/contract/ros-services.ts";
import type { RosTopic } from "../../bridge/contract/ros-transport.ts";
import { MemoryRosTransport } from "./memory-ros-transport.ts";

/** The in-memory graph with services: one server per name, called at once. */
export class MemoryRosGraph extends MemoryRosTransport implements RosNodeTransport {
  readonly served = new Map<string, { service: RosService; handler: RosRequestHandler }>();

  serve(service: RosService, handler: RosRequestHandler): RosServiceServer {
    this.served.set(service.name, { service, handler });
    return {
      service,
      close: () => {
        this.served.delete(service.name);
      },
    };
  }

  client(service: RosService): RosServiceClient {
    const find = () => {
      const found = this.served.get(service.name);
      return found?.service.type === service.type ? found : undefined;
    };
    return {
      service,
      get serverCount() {
        return find() === undefined ? 0 : 1;
      },
      waitForServer: () => Promise.resolve(find() !== undefined),
      call: async (request) => {
        const found = find();
        if (found === undefined) {
          throw new BridgeError(ErrorCode.RosServiceTimeout, `nobody serves ${service.name}`);
        }
        return await found.handler(request);
      },
      close: () => undefined,
    };
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
