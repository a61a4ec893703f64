import process from "node:process";
import { openTestRclnodejs } from "./open-ros-transports.ts";

/** A service that holds an rclnodejs host and prints its process id, for tests that end it. */
const transport = await openTestRclnodejs({
  domainId: Number(process.argv[2]),
  nodeName: "owned",
});
process.stdout.write(`${transport.health.pid}\n`);
