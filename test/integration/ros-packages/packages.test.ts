import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { MessageField } from "../../../ros/messages/definition-parser.ts";
import { messageType } from "../../../ros/messages/type-table.ts";
import type { Peer } from "../../peers/build.ts";
import { describePeer } from "../../peers/describe-peer.ts";

const here = "test/integration/ros-packages";
const python = "/usr/bin/python3";
const folder = mkdtempSync(path.join(tmpdir(), "kairos-ros-packages-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** A file of a Debian package, or the reason why there is none. */
function debian(file: string, packageNames: string): Peer<string> {
  if (existsSync(file)) return { programs: file };
  return { missing: `Debian's ${packageNames} is not installed` };
}

const schema = debian(
  "/usr/share/ament_xmllint/xml-catalog/download.ros.org/schema/package_format3.xsd",
  "python3-ament-xmllint",
);
const xmllint = debian("/usr/bin/xmllint", "libxml2-utils");
const catkin = debian("/usr/lib/python3/dist-packages/catkin_pkg", "python3-catkin-pkg");
const rosidl = debian("/usr/lib/python3/dist-packages/rosidl_adapter", "python3-rosidl");
const ament = debian("/usr/share/ament_cmake/cmake/ament_cmakeConfig.cmake", "ament-cmake");

const packages = ["kairos_bridge", "kairos_msgs"];

describePeer("package.xml by ROS's schema of format 3", schema, (xsd) => {
  describePeer("with xmllint", xmllint, (lint) => {
    it.each(packages)("of %s is valid", (name) => {
      const args = ["--noout", "--nonet", "--schema", xsd, `ros/${name}/package.xml`];
      const { status, stderr } = spawnSync(lint, args, { encoding: "utf8" });
      expect(stderr).toContain("validates");
      expect(status).toBe(0);
    });
  });
});

describePeer("package.xml as catkin_pkg reads it for colcon", catkin, () => {
  it.each(packages)("of %s is sound, without a warning", (name) => {
    const script = `
import json, sys
from catkin_pkg.package import parse_package
warnings = []
package = parse_package(sys.argv[1], warnings=warnings)
package.validate(warnings=warnings)
print(json.dumps([package.name, package.get_build_type(), warnings]))`;
    const args = ["-c", script, `ros/${name}/package.xml`];
    const found = JSON.parse(execFileSync(python, args, { encoding: "utf8" })) as unknown;
    expect(found).toEqual([name, "ament_cmake", []]);
  });
});

/** As rosidl's own names of types. */
function typeText({ type, multiplicity, capacity }: MessageField): string {
  const name = type.replace("/msg/", "/");
  if (multiplicity === "single") return name;
  const inside = { array: String(capacity), "bounded-sequence": `<=${capacity}`, sequence: "" };
  return `${name}[${inside[multiplicity]}]`;
}

describePeer("the .msg files as rosidl reads them", rosidl, () => {
  it("have the fields that the service writes", () => {
    const args = [`${here}/rosidl_fields.py`, "ros/kairos_msgs", path.join(folder, "idl")];
    const output = execFileSync(python, args, { encoding: "utf8" }).trimEnd();
    const found = JSON.parse(output.split("\n").at(-1)!) as Readonly<Record<string, unknown>>;
    expect(Object.keys(found).length).toBeGreaterThan(2);
    for (const [name, fields] of Object.entries(found)) {
      const ours = messageType(`kairos_msgs/msg/${name}`).fields;
      expect(fields, name).toEqual(ours.map((field) => [field.name, typeText(field)]));
    }
  });
});

describePeer("kairos_bridge built with ament_cmake and installed", ament, () => {
  const install = path.join(folder, "install");
  const share = path.join(install, "share/kairos_bridge");
  beforeAll(() => {
    const build = path.join(folder, "build");
    const options = [`-DCMAKE_INSTALL_PREFIX=${install}`, `-DPython3_EXECUTABLE=${python}`];
    execFileSync("cmake", ["-S", "ros/kairos_bridge", "-B", build, ...options], { stdio: "pipe" });
    execFileSync("cmake", ["--install", build], { stdio: "pipe" });
  });

  it("is in the resource index, where ros2 run and ros2 launch find it", () => {
    const index = path.join(install, "share/ament_index/resource_index/packages/kairos_bridge");
    expect(existsSync(index)).toBe(true);
    expect(existsSync(path.join(share, "package.xml"))).toBe(true);
  });

  const executable = path.join(install, "lib/kairos_bridge/kairos_bridge");

  it("has an executable that passes on commands and arguments", () => {
    const run = (...args: readonly string[]) => spawnSync(executable, args, { encoding: "utf8" });
    expect(run("--help").stdout).toContain("run with the embedded simulator");
    expect(run("description", "--format", "urdf").stdout).toContain("<robot");
    const wrong = run("--ros-args", "-p", "no_assignment");
    expect(wrong.stderr).toContain("ros/arguments");
    expect(wrong.status).toBe(1);
  }, 60_000);

  it("says what is missing where the service is not built", () => {
    const env = { ...process.env, KAIROS_BRIDGE_HOME: folder };
    const { status, stderr } = spawnSync(executable, [], { encoding: "utf8", env });
    expect(stderr).toContain(`run npm ci in ${folder}`);
    expect(status).toBe(1);
  });

  it("starts the node as a launch file does, and stops at SIGINT", async () => {
    const parameters = path.join(share, "config/simulator.yaml");
    const rosArgs = ["-r", "__node:=left_eye", "-r", "__ns:=/left", "--params-file", parameters];
    const more = ["-p", "http.port:=0", "-p", "log.format:=json"];
    const child = spawn(executable, ["--log-level", "info", "--ros-args", ...rosArgs, ...more], {
      env: { ...process.env, ROS_DOMAIN_ID: String(10 + (process.pid % 80)) },
    });
    let log = "";
    child.stderr.setEncoding("utf8").on("data", (part: string) => (log += part));
    const exited = once(child, "exit");
    const endMs = performance.now() + 60_000;
    while (!log.includes('"serving"') && performance.now() < endMs) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const { url } = JSON.parse(log.split("\n").find((line) => line.includes('"serving"'))!) as {
      url: string;
    };
    const health = (await (await fetch(`${url}/healthz`)).json()) as { status: string };
    expect(health.status).toBeDefined();
    child.kill("SIGINT");
    expect((await exited)[0]).toBe(0);
  }, 90_000);

  interface Launched {
    readonly started: readonly {
      readonly package?: string;
      readonly executable?: string;
      readonly name?: string;
      readonly namespace?: string;
      readonly include?: string;
      readonly parameters?: readonly unknown[];
      readonly arguments?: unknown;
    }[];
    readonly environment: Readonly<Record<string, string>>;
    readonly declared: Readonly<Record<string, string | null>>;
  }

  function launch(name: string, ...given: readonly string[]): Launched {
    const file = path.join(share, `launch/${name}.launch.py`);
    const args = [`${here}/launch_stand_in.py`, share, file, ...given];
    return JSON.parse(execFileSync(python, args, { encoding: "utf8" })) as Launched;
  }

  const bridgeOf = ({ started }: Launched) =>
    started.find((each) => each.package === "kairos_bridge");

  it.each([
    ["simulator", [], "simulator.yaml", { use_sim_time: false, "http.port": 8700 }],
    ["bridge", ["http_port:=0"], "simulator.yaml", { use_sim_time: false, "http.port": 0 }],
    ["robot", ["use_sim_time:=true"], "robot.yaml", { use_sim_time: true, "http.port": 8700 }],
    ["gazebo", [], "gazebo.yaml", { use_sim_time: true, "http.port": 8700 }],
    ["gazebo", ["through_ros:=true"], "gazebo_ros.yaml", { use_sim_time: true, "http.port": 8700 }],
  ])("%s.launch.py %o starts one node with %s", (name, given, parameters, own) => {
    const launched = launch(name, ...given);
    const bridges = launched.started.filter((each) => each.package === "kairos_bridge");
    expect(bridges).toHaveLength(1);
    expect(bridgeOf(launched)).toMatchObject({
      executable: "kairos_bridge",
      name: "kairos_bridge",
      namespace: "kairos",
      parameters: [path.join(share, "config", parameters), own],
    });
    expect(existsSync(path.join(share, "config", parameters))).toBe(true);
  });

  it("every argument is described", () => {
    for (const name of ["bridge", "robot", "simulator", "gazebo"]) {
      for (const [argument, text] of Object.entries(launch(name).declared)) {
        expect(text, `${name} ${argument}`).toBeTruthy();
      }
    }
  });

  it("gazebo.launch.py starts the world that is installed, once, with or without a window", () => {
    for (const [gui, options] of [
      ["true", "-r "],
      ["false", "-r -s --headless-rendering "],
    ] as const) {
      const launched = launch("gazebo", `gui:=${gui}`, "partition:=mine");
      const worlds = launched.started.filter((each) => each.include !== undefined);
      const world = path.join(share, "gazebo/worlds/desk.sdf");
      expect(existsSync(world)).toBe(true);
      expect(worlds).toEqual([
        {
          include: "/share/ros_gz_sim/launch/gz_sim.launch.py",
          arguments: { gz_args: `${options}${world}` },
        },
      ]);
      expect(launched.environment).toMatchObject({
        GZ_PARTITION: "mine",
        KAIROS_GAZEBO_PARTITION: "mine",
        GZ_SIM_RESOURCE_PATH: path.join(share, "gazebo/models"),
      });
    }
  });

  it("RViz starts when it is asked for, with the file that is installed", () => {
    const rviz = (launched: Launched) => launched.started.find((each) => each.package === "rviz2");
    expect(rviz(launch("robot"))).toBeUndefined();
    const file = path.join(share, "rviz/kairos.rviz");
    expect(rviz(launch("simulator"))?.arguments).toEqual(["-d", file]);
    expect(readFileSync(file, "utf8")).toContain("rviz_common/Displays");
  });
});
