import process from "node:process";
import { describe, expect, it } from "vitest";
import { checkRclnodejs, refusalText } from "../../../ros/rclnodejs/environment-check.ts";
import { openTestRclnodejs, openTestRtps, testDomain } from "../../fakes/open-ros-transports.ts";
import { describeRosServicesContract } from "./ros-services-contract.ts";
import { describeRosTransportContract } from "./ros-transport-contract.ts";

/**
 * The same suites on a real ROS 2, where one is sourced in the shell that runs the tests and rclnodejs
 * is installed. Elsewhere they are skipped, by name and with the reason; KAIROS_REQUIRE_ROS=1 makes
 * that a failure.
 */
const found = checkRclnodejs({ environment: process.env });
const domainId = testDomain(60);

if (found.usable) {
  const { distribution, middleware, module } = found;
  const title = `rclnodejs on ROS 2 ${distribution}, ${middleware}`;
  const environment = Object.fromEntries(
    Object.entries(process.env).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    ),
  );
  const openReal = (options: { readonly nodeName: string }) =>
    openTestRclnodejs({ domainId, environment, module, ...options });
  describeRosTransportContract(title, openReal);
  describeRosServicesContract(title, openReal);
  if (!middleware.includes("zenoh")) {
    describeRosServicesContract(`${title} as client of the embedded participant`, (options) =>
      options.nodeName === "server" ? openTestRtps({ domainId, ...options }) : openReal(options),
    );
  }
} else {
  describe("rclnodejs on a sourced ROS 2", () => {
    const isRequired = process.env["KAIROS_REQUIRE_ROS"] === "1";
    const suites = [
      "RosTransport contract",
      "RosServices contract",
      "the embedded participant as peer",
    ];
    for (const suite of suites) {
      it.skipIf(!isRequired)(`${suite} (skipped: ${found.found})`, () => {
        expect.fail(refusalText(found));
      });
    }
  });
}
