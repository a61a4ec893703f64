import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { loadConfig } from "../../../bridge/config.ts";
import { configParameters } from "../../../bridge/parts/config-parameters.ts";
import { loadConfigWithRos, rosArgumentsOf } from "../../../bridge/parts/ros-arguments.ts";

const folder = mkdtempSync(path.join(tmpdir(), "kairos-ros-arguments-"));
function file(text: string): string {
  const name = path.join(folder, `${Math.random()}.yaml`);
  writeFileSync(name, text);
  return name;
}

describe("what follows --ros-args becomes configuration", () => {
  it("name and namespace by their remaps", () => {
    const { config, sources } = loadConfigWithRos({}, ["-r", "__node:=left", "-r", "__ns:=/robot"]);
    expect([config.ros.nodeName, config.ros.namespace]).toEqual(["left", "/robot"]);
    expect(sources.get("ros.nodeName")).toBe("flag");
  });

  it("parameters from the command line and from files, by their options' names", () => {
    const params = file(`
/robot/left:
  ros__parameters:
    model: {lookahead_ms: 120, horizon_steps: 12}
    ros.static_peers: [10.0.0.2]
    use_sim_time: true
other:
  ros__parameters: {model.horizon_steps: 1}
`);
    const { config } = loadConfigWithRos({}, [
      ...["-r", "__node:=left", "-r", "__ns:=/robot", "--params-file", params],
      ...["-p", "model.horizon_steps:=16", "--log-level", "warn"],
    ]);
    expect(config.model).toMatchObject({ lookaheadMs: 120, horizonSteps: 16 });
    expect(config.ros).toMatchObject({ staticPeers: ["10.0.0.2"], useSimTime: true });
    expect(config.log.level).toBe("warn");
  });

  it("ranking above file and environment, below our own flags", () => {
    const input = {
      filePath: file("model: {horizonSteps: 4}\nhttp: {port: 1}\nros: {nodeName: a}\n"),
      environment: { KAIROS_MODEL_HORIZON_STEPS: "5" },
      flags: { "http.port": 3, "http.host": undefined },
    };
    const args = ["-p", "model.horizon_steps:=6", "-p", "http.port:=2", "-r", "a:__node:=b"];
    const { config } = loadConfigWithRos(input, args);
    expect(config.model.horizonSteps).toBe(6);
    expect(config.http.port).toBe(3);
    expect(config.ros.nodeName).toBe("b");
  });

  it("or comes from the configuration itself", () => {
    const filePath = file('ros: {arguments: ["-r", "__node:=left", "-r", "x:=y"]}');
    const { config } = loadConfigWithRos({ filePath }, [
      "-p",
      "qos_overrides./t.publisher.depth:=2",
    ]);
    expect(config.ros.nodeName).toBe("left");
    const { parsed, overrides, name } = rosArgumentsOf(config);
    expect(name).toEqual({ name: "left", namespace: "/kairos" });
    expect(parsed.remaps).toHaveLength(2);
    expect([...overrides.keys()]).toEqual(["qos_overrides./t.publisher.depth"]);
  });

  it.each([
    [["-p", "model.horizon_steps:=0"], "config/invalid", "model.horizonSteps"],
    [["-p", "model.horizon_steps:=many"], "config/invalid", "model.horizonSteps"],
    [["-p", "http.port:=1.5"], "config/invalid", "http.port"],
    [["--params-file", "/nowhere.yaml"], "ros/arguments", "--params-file /nowhere.yaml"],
    [["-r", "__node:=a b"], "ros/arguments", '"__node:=a b"'],
    [["-z"], "ros/arguments", "-z"],
  ])("%j is refused with %s", (args, code, text) => {
    const load = (): unknown => loadConfigWithRos({}, args);
    expect(load).toThrow(expect.objectContaining({ code }));
    expect(load).toThrow(text);
  });
});

describe("options as parameters", () => {
  const { config } = loadConfig();
  const parameters = new Map(configParameters(config).map((each) => [each.path, each]));

  it.each([
    ["model.lookaheadMs", "model.lookahead_ms", "double"],
    ["model.horizonSteps", "model.horizon_steps", "integer"],
    ["model.cpuFallback", "model.cpu_fallback", "bool"],
    ["ros.staticPeers", "ros.static_peers", "string_array"],
    ["actuation.rateHz", "actuation.rate_hz", "integer"],
    ["log.level", "log.level", "string"],
    ["ros.useSimTime", "use_sim_time", "bool"],
    ["sim.cameraWidthPx", "sim.camera_width_px", "integer"],
  ])("%s is %s, a %s", (path_, name, type) => {
    const found = parameters.get(path_);
    expect([found?.name, found?.declaration.value.type]).toEqual([name, type]);
  });

  it("leave out what ROS has no type for, and how the node was called", () => {
    expect(parameters.has("model.providers")).toBe(false);
    expect(parameters.has("ros.arguments")).toBe(false);
  });

  it("have names of their own, and values within their own ranges", () => {
    const names = [...parameters.values()].map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { declaration } of parameters.values()) {
      const { value, range, check } = declaration;
      if (range !== undefined && (value.type === "integer" || value.type === "double")) {
        expect(value.value).toBeGreaterThanOrEqual(range.from);
        expect(value.value).toBeLessThanOrEqual(range.to);
      }
      if (value.type !== "not_set") expect(check?.(value.value)).toBeUndefined();
    }
  });
});
