import { openTestRclnodejs, openTestRtps, testDomain } from "../../fakes/open-ros-transports.ts";
import { describeRosServicesContract } from "./ros-services-contract.ts";

const domainId = testDomain(30);

describeRosServicesContract("embedded RTPS", (options) => openTestRtps({ domainId, ...options }));
describeRosServicesContract("rclnodejs host with the stand-in", (options) =>
  openTestRclnodejs({ domainId, ...options }),
);
describeRosServicesContract("one of each", (options) =>
  options.nodeName === "server"
    ? openTestRtps({ domainId, ...options })
    : openTestRclnodejs({ domainId, ...options }),
);
