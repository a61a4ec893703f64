import { systemClock } from "../../../bridge/contract/clock.ts";
import { silentLog } from "../../../bridge/contract/log.ts";
import type { RosNodeTransport } from "../../../bridge/contract/ros-services.ts";
import { serviceActions } from "../../../ros/actions/service-actions.ts";
import { MemoryRosGraph } from "../../fakes/memory-ros-graph.ts";
import { openTestRclnodejs, openTestRtps, testDomain } from "../../fakes/open-ros-transports.ts";
import { type ActionsUnderTest, describeRosActionsContract } from "./ros-actions-contract.ts";

const domainId = testDomain(40);

function overServices(...transports: readonly RosNodeTransport[]): ActionsUnderTest {
  const [one, two = one] = transports.map((transport) =>
    serviceActions(transport, { clock: systemClock(), log: silentLog }),
  );
  if (one === undefined || two === undefined) throw new Error("no transport");
  return {
    server: one,
    client: two,
    [Symbol.asyncDispose]: async () => {
      await Promise.all(transports.map((each) => each[Symbol.asyncDispose]()));
    },
  };
}

describeRosActionsContract("over services, in memory", () =>
  Promise.resolve(overServices(new MemoryRosGraph())),
);
describeRosActionsContract("over services, embedded RTPS", async () =>
  overServices(
    await openTestRtps({ domainId, nodeName: "server" }),
    await openTestRtps({ domainId, nodeName: "client" }),
  ),
);
describeRosActionsContract("rclnodejs host with the stand-in, both sides", async () => {
  const server = await openTestRclnodejs({ domainId, nodeName: "server" });
  const client = await openTestRclnodejs({ domainId, nodeName: "client" });
  return {
    server: server.actions,
    client: client.actions,
    [Symbol.asyncDispose]: async () => {
      await Promise.all([server[Symbol.asyncDispose](), client[Symbol.asyncDispose]()]);
    },
  };
});
describeRosActionsContract("rclnodejs host as server, embedded RTPS as client", async () => {
  const server = await openTestRclnodejs({ domainId, nodeName: "server" });
  const client = overServices(await openTestRtps({ domainId, nodeName: "client" }));
  return {
    server: server.actions,
    client: client.client,
    [Symbol.asyncDispose]: async () => {
      await Promise.all([server[Symbol.asyncDispose](), client[Symbol.asyncDispose]()]);
    },
  };
});
