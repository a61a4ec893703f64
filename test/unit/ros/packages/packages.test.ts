import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { parse as parseYaml } from "yaml";
import { loadConfig } from "../../../../bridge/config.ts";
import { configParameters } from "../../../../bridge/parts/config-parameters.ts";
import { parseParameterFile } from "../../../../ros/node/parameter-yaml.ts";
import { plainValue } from "../../../../ros/node/parameter-value.ts";
import { publicationTopics } from "../../../../ros/publication-topics.ts";
import { loadProfile } from "../../../../devices/profiles/load-profile.ts";

const folder = "ros/kairos_bridge";
const read = (...parts: readonly string[]): string => readFileSync(path.join(...parts), "utf8");
const { version } = JSON.parse(read("package.json")) as { version: string };
const device = loadProfile("devices/profiles/phone-mount-4dof.json");

/** Topics of ours, as they are called in the default namespace. */
const published = new Set(
  Object.values(publicationTopics).map(({ name }) =>
    name.startsWith("/") ? name : `/kairos/${name}`,
  ),
);

describe.each(["kairos_bridge", "kairos_msgs"])("the package %s", (name) => {
  const xml = read("ros", name, "package.xml");
  const cmake = read("ros", name, "CMakeLists.txt");

  it("says what it is, with the version of the service", () => {
    expect(xml).toContain(`<name>${name}</name>`);
    expect(xml).toContain(`<version>${version}</version>`);
    expect(xml).toContain("<build_type>ament_cmake</build_type>");
    expect(cmake).toMatch(new RegExp(`^project\\(${name}\\b`, "m"));
    expect(cmake.trimEnd().endsWith("ament_package()")).toBe(true);
  });

  it("declares what its build needs", () => {
    for (const [, needed] of cmake.matchAll(/find_package\((\w+) REQUIRED\)/g)) {
      expect(xml, needed).toMatch(new RegExp(`<(buildtool_|build_)?depend>${needed!}<`));
    }
  });
});

describe("kairos_msgs", () => {
  it("builds every .msg file that is there", () => {
    const listed = [...read("ros/kairos_msgs/CMakeLists.txt").matchAll(/"msg\/(\w+\.msg)"/g)];
    expect(listed.map((match) => match[1]).sort()).toEqual(
      readdirSync("ros/kairos_msgs/msg").sort(),
    );
  });

  it("says the unit of every number that has one", () => {
    const unitless = /count|score|threshold|visibility/;
    for (const file of readdirSync("ros/kairos_msgs/msg")) {
      const lines = read("ros/kairos_msgs/msg", file).split("\n");
      for (const [at, line] of lines.entries()) {
        if (!line.startsWith("float") || unitless.test(line)) continue;
        expect(`${line} ${lines[at - 1] ?? ""}`, `${file}: ${line}`).toMatch(
          /\[(s|rad|rad\/s|m)\]/,
        );
      }
    }
  });
});

describe.each(["simulator", "robot", "gazebo", "gazebo_ros"])("config/%s.yaml", (name) => {
  const file = path.join(folder, "config", `${name}.yaml`);
  const overrides = parseParameterFile(read(file), file);

  it("names parameters that the node has, with values it takes", () => {
    expect(overrides.length).toBeGreaterThan(1);
    const known = new Map(
      configParameters(loadConfig().config).map((each) => [each.name, each] as const),
    );
    const flags: Record<string, unknown> = {};
    for (const { nodes, name: parameter, value } of overrides) {
      expect(nodes).toBe("/**");
      const found = known.get(parameter);
      expect(found, parameter).toBeDefined();
      expect(value.type, parameter).toBe(found!.declaration.value.type);
      flags[found!.path] = plainValue(value);
    }
    expect(() => loadConfig({ flags })).not.toThrow();
  });
});

describe("config/robot.yaml", () => {
  it("names the axes of the device in their order", () => {
    const names = parseParameterFile(read(folder, "config/robot.yaml"), "").find(
      (each) => each.name === "ros_inputs.joint_names",
    );
    expect(names?.value).toMatchObject({ value: device.axes.map((axis) => axis.name) });
  });
});

describe("config/gz_bridge.yaml", () => {
  interface Bridged {
    readonly ros_topic_name: string;
    readonly gz_topic_name: string;
  }
  const bridged = parseYaml(read(folder, "config/gz_bridge.yaml")) as readonly Bridged[];

  it("carries what the world's own bridge file carries, in the same types", () => {
    const whole = parseYaml(read("sims/gazebo/ros/gz_bridge.yaml")) as readonly Bridged[];
    for (const topic of bridged) expect(whole).toContainEqual(topic);
  });

  it("carries every topic that config/gazebo_ros.yaml reads", () => {
    const there = bridged.map((topic) => topic.ros_topic_name);
    const overrides = parseParameterFile(read(folder, "config/gazebo_ros.yaml"), "");
    const asked = overrides
      .filter(({ name, value }) => name.endsWith("_topic") && plainValue(value) !== "")
      .map(({ value }) => plainValue(value));
    expect(asked.length).toBe(2);
    for (const topic of asked) expect(there).toContain(topic);
    expect(there, "for use_sim_time").toContain("/clock");
  });
});

describe("rviz/kairos.rviz", () => {
  it("shows topics that the bridge publishes, in a frame of the device", () => {
    const text = read(folder, "rviz/kairos.rviz");
    const shown = [...text.matchAll(/Value: (\/\S+)/g)].map((match) => match[1]!);
    expect(shown.length).toBeGreaterThan(2);
    for (const topic of shown) expect(published, topic).toContain(topic);
    expect(text).toContain(`Fixed Frame: ${device.baseFrameId}`);
    expect(parseYaml(text)).toHaveProperty(["Visualization Manager", "Displays"]);
  });
});

describe("the launch files", () => {
  it("are there for robot, simulator and Gazebo", () => {
    for (const name of ["bridge", "robot", "simulator", "gazebo"]) {
      expect(existsSync(path.join(folder, "launch", `${name}.launch.py`)), name).toBe(true);
    }
  });
});
