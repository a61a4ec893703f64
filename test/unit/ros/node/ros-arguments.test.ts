import { describe, expect, it } from "vitest";
import {
  overridesFor,
  parseRosArguments,
  splitRosArguments,
} from "../../../../ros/node/ros-arguments.ts";
import { parseParameterFile, parseParameterValue } from "../../../../ros/node/parameter-yaml.ts";

const refused = expect.objectContaining({ code: "ros/arguments" }) as Error;
const noFile = (path: string): string => {
  throw new Error(`${path} is not there`);
};
const node = { name: "kairos_bridge", namespace: "/kairos" };

describe("the command line is split", () => {
  it.each([
    ["run --config a.yaml", "run --config a.yaml", ""],
    ["run --ros-args -r a:=b", "run", "-r a:=b"],
    ["run --ros-args -r a:=b -- --config a.yaml", "run --config a.yaml", "-r a:=b"],
    ["--ros-args -p x:=1 -- run --ros-args -r a:=b --", "run", "-p x:=1 -r a:=b"],
    ["run --ros-args --ros-args", "run", ""],
    ["run -- --ros-args", "run --", ""],
  ])("%j into %j and %j", (line, rest, ros) => {
    const found = splitRosArguments(line.split(" "));
    expect(found.rest.join(" ")).toBe(rest);
    expect(found.ros.join(" ")).toBe(ros);
  });
});

describe("what follows --ros-args", () => {
  it("is remaps, parameters, log options, in short and long", () => {
    const found = parseRosArguments(
      [
        "-r",
        "a:=b",
        "--remap",
        "__ns:=/x",
        "-p",
        "p:=1",
        "--param",
        "n:q:=two",
        "--log-level",
      ].concat(["warn", "--disable-rosout-logs", "--enable-stdout-logs", "-e", "/enclave"]),
      noFile,
    );
    expect(found.remaps.map(({ kind }) => kind)).toEqual(["name", "namespace"]);
    expect(found.overrides).toEqual([
      { nodes: "/**", name: "p", value: { type: "integer", value: 1 } },
      { nodes: "n", name: "q", value: { type: "string", value: "two" } },
    ]);
    expect(found.logLevel).toBe("warn");
    expect(found.rosout).toBe(false);
  });

  it.each([
    ["debug", "debug"],
    ["WARN", "warn"],
    ["fatal", "error"],
    ["kairos.kairos_bridge:=debug", "debug"],
    ["rcl:=debug", undefined],
    ["rcl.logging:=debug", undefined],
  ])("sets the log level %s as %s", (text, level) => {
    expect(parseRosArguments(["--log-level", text], noFile).logLevel).toBe(level);
  });

  it.each([
    ["-r", "-r is last, expected from:=to after it"],
    ["-p", "-p is last"],
    ["--params-file", "--params-file is last"],
    ["-r a", 'remap rule is "a", expected [node:]from:=to'],
    ["-p a=1", 'parameter is "a=1", expected [node:]name:=value'],
    ["-p a:=[1,", "parameter a is not YAML"],
    ["--log-level loud", 'log level is "loud", expected debug, info'],
    ["-x", "-x after --ros-args is unknown"],
    ["stray", "stray after --ros-args is unknown"],
  ])("%j is refused: %s", (line, text) => {
    const parse = (): unknown => parseRosArguments(line.split(" "), noFile);
    expect(parse).toThrow(refused);
    expect(parse).toThrow(text);
  });

  it("lets the later of two for the same count, files where they are named", () => {
    const files: Record<string, string> = {
      a: "/**: {ros__parameters: {x: 1, y: 1, z: 1}}",
      b: "/**: {ros__parameters: {y: 2, z: 2}}",
    };
    const args = parseRosArguments(
      ["-p", "x:=0", "--params-file", "a", "--params-file", "b", "-p", "z:=3"],
      (path) => files[path] ?? "",
    );
    const values = [...overridesFor(args, node)].map(([name, value]) => [
      name,
      value.type === "integer" ? value.value : value,
    ]);
    expect(Object.fromEntries(values)).toEqual({ x: 1, y: 2, z: 3 });
  });
});

describe("a parameter's value", () => {
  it.each([
    ["1", "integer", 1],
    ["-7", "integer", -7],
    ["0x1F", "integer", 31],
    ["010", "integer", 8],
    ["1.0", "double", 1],
    ["1e3", "double", 1000],
    [".5", "double", 0.5],
    ["5.", "double", 5],
    [".inf", "double", Infinity],
    ["-.inf", "double", -Infinity],
    ["true", "bool", true],
    ["yes", "bool", true],
    ["Off", "bool", false],
    ["hello", "string", "hello"],
    ["'1'", "string", "1"],
    ['"true"', "string", "true"],
    ["!!str 5", "string", "5"],
    ["1.2.3", "string", "1.2.3"],
    ["/tmp/a:b", "string", "/tmp/a:b"],
    ["", "string", ""],
    ["[1, 2]", "integer_array", [1, 2]],
    ["[1.5, 2.0]", "double_array", [1.5, 2]],
    ["[a, '1']", "string_array", ["a", "1"]],
    ["[true, no]", "bool_array", [true, false]],
    ["[]", "string_array", []],
  ])("%j is the %s %j", (text, type, value) => {
    expect(parseParameterValue(text, "x")).toEqual({ type, value });
  });

  it.each(["[1, 2.0]", "[1, a]", "[[1], [2]]", "{a: 1}", "~", "null", "9007199254740993", "[1"])(
    "%j is refused",
    (text) => {
      expect(() => parseParameterValue(text, "x")).toThrow(refused);
    },
  );
});

describe("a parameter file", () => {
  it.each([
    ["kairos_bridge: {ros__parameters: {a: 1}}", true],
    ["/kairos/kairos_bridge: {ros__parameters: {a: 1}}", true],
    ["/kairos: {kairos_bridge: {ros__parameters: {a: 1}}}", true],
    ["kairos: {kairos_bridge: {ros__parameters: {a: 1}}}", true],
    ["/**: {ros__parameters: {a: 1}}", true],
    ["/*/kairos_bridge: {ros__parameters: {a: 1}}", true],
    ["/**/kairos_bridge: {ros__parameters: {a: 1}}", true],
    ["/kairos/*: {ros__parameters: {a: 1}}", true],
    ["/kairos/**: {ros__parameters: {a: 1}}", true],
    ["/*: {ros__parameters: {a: 1}}", false],
    ["/kairos_bridge: {ros__parameters: {a: 1}}", false],
    ["/other/kairos_bridge: {ros__parameters: {a: 1}}", false],
    ["other: {ros__parameters: {a: 1}}", false],
    ["/kairos/kairos: {ros__parameters: {a: 1}}", false],
  ])("%s means this node: %s", (text, meant) => {
    const args = parseRosArguments(["--params-file", "f"], () => text);
    expect(overridesFor(args, node).has("a")).toBe(meant);
  });

  it("flattens keys below keys with dots, and may hold nothing", () => {
    const found = parseParameterFile(
      "/**:\n  ros__parameters:\n    a: {b: {c: 1}}\n    d.e: x\n",
      "f",
    );
    expect(found.map(({ name }) => name)).toEqual(["a.b.c", "d.e"]);
    expect(parseParameterFile("", "f")).toEqual([]);
    expect(parseParameterFile("n:\n  ros__parameters:\n", "f")).toEqual([]);
  });

  it.each([
    ["a: 1", "holds no keys"],
    ["ros__parameters: {a: 1}", "no node name above it"],
    ["n: {ros__parameters: {a: [1, b]}}", "f: n: a is a list of integer and string"],
    ["n: {ros__parameters: {a: }}", "has no value"],
    ["- a", "holds no keys"],
    ["n: {ros__parameters: {a: 1}", "is not YAML"],
    ["n: {ros__parameters: 5}", "holds no keys"],
    ["a b: {ros__parameters: {a: 1}}", "is no name of a node"],
    ["'(.*)+': {ros__parameters: {a: 1}}", "is no name of a node"],
  ])("%j is refused: %s", (text, reason) => {
    const parse = (): unknown => parseParameterFile(text, "f");
    expect(parse).toThrow(refused);
    expect(parse).toThrow(reason);
  });
});
