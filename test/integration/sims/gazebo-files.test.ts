import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { describe, expect, it } from "vitest";
import { parse as parseYaml } from "yaml";
import { loadConfig } from "../../../bridge/config.ts";
import { expandedName } from "../../../ros/node/node-name.ts";
import { publicationTopics } from "../../../ros/publication-topics.ts";
import { gazeboTopics, modelConfig, robotSdf } from "../../../sims/description/robot-sdf.ts";
import { worldNames } from "../../../sims/gazebo/world-names.ts";
import type { Peer } from "../../peers/build.ts";
import { describePeer } from "../../peers/describe-peer.ts";
import { phoneMount } from "../../unit/sims/phone-mount.ts";

const folder = "sims/gazebo";
const read = (name: string): string => readFileSync(path.join(folder, name), "utf8");
const model = phoneMount.id;

interface BridgedTopic {
  readonly ros_topic_name: string;
  readonly gz_topic_name: string;
  readonly ros_type_name: string;
  readonly gz_type_name: string;
  readonly direction: string;
}
const bridged = parseYaml(read("ros/gz_bridge.yaml")) as readonly BridgedTopic[];
const rosTopics = new Set([
  "/robot_description",
  ...bridged.map((topic) => topic.ros_topic_name),
  ...Object.values(publicationTopics).map(({ name }) =>
    expandedName(name, { name: "kairos_bridge", namespace: "/kairos" }),
  ),
]);

describe("the model for Gazebo", () => {
  it("is what the device description gives (else: kairos-bridge description --format sdf)", () => {
    expect(read("models/mount0/model.sdf")).toBe(robotSdf(phoneMount));
    expect(read("models/mount0/model.config")).toBe(modelConfig(phoneMount));
  });
});

describe("configurations", () => {
  it.each([
    ["desk.yaml", "harmonic"],
    ["desk-fortress.yaml", "fortress"],
  ])("%s names the world and the model that are there", (file, release) => {
    const { config } = loadConfig({ filePath: path.join(folder, file) });
    expect(config.sim.backend).toBe("gazebo");
    expect(config.gazebo).toMatchObject({ release, world: "desk", model });
    const world = read("worlds/desk.sdf");
    expect(world).toContain(`<world name="${config.gazebo.world}">`);
    expect(world).toContain(`<uri>model://${config.gazebo.model}</uri>`);
    const { cameraWidthPx, cameraHeightPx } = config.sim;
    expect(read("models/mount0/model.sdf")).toContain(
      `<image><width>${cameraWidthPx}</width><height>${cameraHeightPx}</height>`,
    );
  });
});

describe("ros_gz_bridge", () => {
  const names = worldNames({ world: "desk", model });
  const pairs: Readonly<Record<string, readonly [ros: string, gz: string, direction: string]>> = {
    "/clock": ["rosgraph_msgs/msg/Clock", "gz.msgs.Clock", "GZ_TO_ROS"],
    [names.jointState]: ["sensor_msgs/msg/JointState", "gz.msgs.Model", "GZ_TO_ROS"],
    [names.camera]: ["sensor_msgs/msg/Image", "gz.msgs.Image", "GZ_TO_ROS"],
    [gazeboTopics.cameraInfo(model)]: [
      "sensor_msgs/msg/CameraInfo",
      "gz.msgs.CameraInfo",
      "GZ_TO_ROS",
    ],
    [gazeboTopics.imu(model)]: ["sensor_msgs/msg/Imu", "gz.msgs.IMU", "GZ_TO_ROS"],
    ...Object.fromEntries(
      phoneMount.axes.map(({ name }) => [
        names.command(name),
        ["std_msgs/msg/Float64", "gz.msgs.Double", "ROS_TO_GZ"] as const,
      ]),
    ),
  };

  it("carries every topic of the model, as types that belong together", () => {
    const found = bridged.map((each) => [
      each.gz_topic_name,
      [each.ros_type_name, each.gz_type_name, each.direction],
    ]);
    expect(Object.fromEntries(found)).toEqual(pairs);
  });
});

describe("RViz and Foxglove", () => {
  it("RViz shows topics that somebody publishes, in a frame of the robot", () => {
    const text = read("ros/desk.rviz");
    const shown = [...text.matchAll(/Value: (\/\S+)/g)].map((match) => match[1]);
    expect(shown.length).toBeGreaterThan(2);
    for (const topic of shown) expect(rosTopics, topic).toContain(topic);
    expect(text).toContain(`Fixed Frame: ${phoneMount.baseFrameId}`);
    expect(parseYaml(text)).toHaveProperty(["Visualization Manager", "Displays"]);
  });

  it("Foxglove lays out exactly the panels it configures, on topics that somebody publishes", () => {
    const text = read("ros/foxglove-layout.json");
    const layout = JSON.parse(text) as { configById: object; layout: unknown };
    const panels = (node: unknown): string[] =>
      typeof node === "string"
        ? [node]
        : ["first", "second"].flatMap((side) => panels((node as Record<string, unknown>)[side]));
    expect(panels(layout.layout).sort()).toEqual(Object.keys(layout.configById).sort());
    const shown = [...text.matchAll(/"(\/[a-z_/]+)[."]/g)].map((match) => match[1]);
    expect(shown.length).toBeGreaterThan(4);
    for (const topic of shown) expect(rosTopics, topic).toContain(topic);
  });
});

const python: Peer<string> = existsSync("/usr/bin/python3")
  ? { programs: "/usr/bin/python3" }
  : { missing: "python3 is not installed" };

describePeer("the launch files", python, (command) => {
  it.each(["desk_headless", "desk_gui"])("%s is Python that describes a launch", (name) => {
    const script = `
import ast, sys
tree = ast.parse(open(sys.argv[1]).read())
print(sorted(node.name for node in tree.body if isinstance(node, ast.FunctionDef)))`;
    const file = path.join(folder, `ros/launch/${name}.launch.py`);
    expect(execFileSync(command, ["-c", script, file], { encoding: "utf8" })).toContain(
      "generate_launch_description",
    );
  });
});

const ign: Peer<string> = existsSync("/usr/lib/ruby/ignition/cmdsdformat12.rb")
  ? { programs: "/usr/bin/ign" }
  : { missing: "ign sdf (Debian ignition-tools, libsdformat-dev) is not installed" };

describePeer("ign sdf on the desk world", ign, (command) => {
  const check = (input: string): string => {
    const env = { ...process.env, SDF_PATH: path.resolve(folder, "models") };
    const { stdout, stderr } = spawnSync(command, ["sdf", "-k", input], { encoding: "utf8", env });
    return stdout + stderr;
  };

  it("calls it valid, with the model found on the resource path", () => {
    const output = check(path.join(folder, "worlds/desk.sdf"));
    expect(output).toContain("Valid.");
    expect(output).not.toMatch(/Error|Warning/);
  });
});
