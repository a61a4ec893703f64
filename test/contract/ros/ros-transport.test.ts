import { openTestRclnodejs, openTestRtps, testDomain } from "../../fakes/open-ros-transports.ts";
import { describeRosTransportContract } from "./ros-transport-contract.ts";

const domainId = testDomain(0);

describeRosTransportContract("embedded RTPS", (options) => openTestRtps({ domainId, ...options }));
describeRosTransportContract("rclnodejs host with the stand-in", (options) =>
  openTestRclnodejs({ domainId, ...options }),
);
