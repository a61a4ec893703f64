import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { RosNodeTransport, RosService } from "../../../bridge/contract/ros-services.ts";
import { serviceCodec } from "../../../ros/messages/service-codec.ts";
import { until } from "./ros-transport-contract.ts";

const service: RosService = { name: "/contract/set_bool", type: "std_srvs/srv/SetBool" };
const codec = serviceCodec("std_srvs/srv/SetBool");
const patience = { timeoutMs: 10_000 };

/** Joins one graph: transports opened by the same function find each other. */
export type OpenNodeTransport = (options: {
  readonly nodeName: string;
}) => Promise<RosNodeTransport>;

async function openPair(open: OpenNodeTransport) {
  const server = await open({ nodeName: "server" });
  const client = await open({ nodeName: "client" });
  return {
    server,
    client,
    [Symbol.asyncDispose]: async () => {
      await Promise.all([server[Symbol.asyncDispose](), client[Symbol.asyncDispose]()]);
    },
  };
}

/** What every transport with services promises. `open` is called several times at once. */
export function describeRosServicesContract(name: string, open: OpenNodeTransport): void {
  describe(`RosServices contract: ${name}`, () => {
    it("carries requests and responses, each to the caller who asked", async () => {
      await using pair = await openPair(open);
      pair.server.serve(service, (request) => {
        const { data } = codec.readRequest(request);
        return codec.writeResponse({ success: data, message: data ? "on" : "off" });
      });
      const client = pair.client.client(service);
      expect(await client.waitForServer(patience)).toBe(true);
      const answers = await Promise.all(
        [true, false, true].map(async (data) =>
          codec.readResponse(await client.call(codec.writeRequest({ data }), patience)),
        ),
      );
      expect(answers).toEqual([
        { success: true, message: "on" },
        { success: false, message: "off" },
        { success: true, message: "on" },
      ]);
    });

    it("carries requests without a field", async () => {
      await using pair = await openPair(open);
      const trigger = serviceCodec("std_srvs/srv/Trigger");
      const stop: RosService = { name: "/contract/stop", type: "std_srvs/srv/Trigger" };
      pair.server.serve(stop, () => trigger.writeResponse({ success: true, message: "stopped" }));
      const client = pair.client.client(stop);
      const response = await client.call(trigger.writeRequest({}), patience);
      expect(trigger.readResponse(response)).toEqual({ success: true, message: "stopped" });
    });

    it("calls a server that appears while the call waits", async () => {
      await using pair = await openPair(open);
      const client = pair.client.client(service);
      const call = client.call(codec.writeRequest({ data: true }), patience);
      pair.server.serve(service, () => codec.writeResponse({ success: true, message: "late" }));
      expect(codec.readResponse(await call).message).toBe("late");
    });

    it("answers when the handler's promise resolves", async () => {
      await using pair = await openPair(open);
      pair.server.serve(service, async () => {
        await new Promise((resolve) => setTimeout(resolve, 30));
        return codec.writeResponse({ success: true, message: "later" });
      });
      const client = pair.client.client(service);
      const response = await client.call(codec.writeRequest({ data: true }), patience);
      expect(codec.readResponse(response).message).toBe("later");
    });

    it("says by name that nobody serves, and that a server did not answer", async () => {
      await using pair = await openPair(open);
      const client = pair.client.client(service);
      expect(await client.waitForServer({ timeoutMs: 20 })).toBe(false);
      const request = codec.writeRequest({ data: true });
      await expect(client.call(request, { timeoutMs: 50 })).rejects.toThrow(
        /\[ros\/service-timeout\].*\/contract\/set_bool.*no server/,
      );
      pair.server.serve(service, () => new Promise<Uint8Array>(() => undefined));
      await client.waitForServer(patience);
      await expect(client.call(request, { timeoutMs: 100 })).rejects.toThrow(
        /\[ros\/service-timeout\].*did not answer/,
      );
    });

    it("notices that a server has closed", async () => {
      await using pair = await openPair(open);
      const server = pair.server.serve(service, () =>
        codec.writeResponse({ success: true, message: "" }),
      );
      const client = pair.client.client(service);
      await client.waitForServer(patience);
      server.close();
      server.close();
      await until(() => client.serverCount === 0, "no server");
    });

    it("shows the graph", async () => {
      await using pair = await openPair(open);
      const { server, client } = pair;
      server.serve(service, () => codec.writeResponse({ success: true, message: "" }));
      server.advertise({
        name: "/contract/text",
        type: "std_msgs/msg/String",
        qos: { reliability: "best_effort", durability: "volatile", depth: 3 },
      });
      await client.client(service).waitForServer(patience);
      // Endpoints are known by their match; whose node they are, a little later.
      let graph = await client.graph();
      for (let look = 0; graph.nodes.length < 2 && look < 500; look += 1) {
        await delay(20);
        graph = await client.graph();
      }
      expect(graph.nodes.length).toBeGreaterThanOrEqual(2);
      expect(graph.services).toContainEqual(
        expect.objectContaining({ name: service.name, types: [service.type] }),
      );
      const topic = graph.topics.find(({ name }) => name === "/contract/text");
      expect(topic?.types).toEqual(["std_msgs/msg/String"]);
      expect(topic?.publishers).toMatchObject([{ qos: { reliability: "best_effort" } }]);
    });

    it("refuses names ROS 2 does not allow, and everything once closed", async () => {
      const one = await open({ nodeName: "one" });
      expect(() => one.client({ ...service, name: "relative" })).toThrow("[ros/type]");
      const client = one.client(service);
      const call = client.call(codec.writeRequest({ data: true }), patience);
      const refusal = expect(call).rejects.toThrow("[ros/transport]");
      await one[Symbol.asyncDispose]();
      await refusal;
      expect(() => one.client(service)).toThrow("[ros/transport]");
      await expect(one.graph()).rejects.toThrow("[ros/transport]");
    });
  });
}
