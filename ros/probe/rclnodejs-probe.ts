import type { Finding } from "../../bridge/contract/finding.ts";
import type { RosNetwork } from "../environment.ts";
import { binaryTrial } from "../rclnodejs/binary-trial.ts";
import { checkRclnodejs, type RclnodejsCheckOptions } from "../rclnodejs/environment-check.ts";
import { hostEnvironment } from "../rclnodejs/host-environment.ts";

/**
 * Whether the bridge could speak through rclnodejs here. Loads its binary in a process of its own;
 * imports nothing.
 */
export async function probeRclnodejs(
  options: RclnodejsCheckOptions & {
    readonly network: RosNetwork;
    /** `ros.transport` of the configuration. */
    readonly asked: string;
  },
): Promise<Finding> {
  const { environment, network, asked } = options;
  const subject = "rclnodejs";
  const found = checkRclnodejs(options);
  if (!found.usable) {
    const { found: text, advice } = found;
    const isSourced = (environment["AMENT_PREFIX_PATH"] ?? "") !== "";
    if (asked === "rclnodejs") return { level: "fail", subject, text, advice };
    // Without a ROS 2 nobody misses it; with one, its middleware may be what others speak.
    return isSourced ? { level: "warn", subject, text, advice } : { level: "note", subject, text };
  }
  const trouble = await binaryTrial(found.binary, hostEnvironment(environment, network));
  if (trouble !== undefined) {
    const text = `${found.version} is installed, but its binary does not load: ${trouble}`;
    const advice = "run npm rebuild rclnodejs from the sourced shell";
    return { level: asked === "rclnodejs" ? "fail" : "warn", subject, text, advice };
  }
  const { version, distribution, middleware } = found;
  const use = asked === "rtps" ? "; not used: ros.transport is rtps" : "";
  const text = `${version} for ${distribution} over ${middleware}${use}`;
  return { level: "ok", subject, text, details: { version, distribution, middleware } };
}
