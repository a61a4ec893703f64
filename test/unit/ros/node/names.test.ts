import { describe, expect, it } from "vitest";
import {
  checkedNamespace,
  checkedNodeName,
  expandedName,
  fullNodeName,
} from "../../../../ros/node/node-name.ts";
import { parseRemapRule, remappedNode, resolvedName } from "../../../../ros/node/remap-rule.ts";

const node = { name: "kairos_bridge", namespace: "/kairos" };
const refused = expect.objectContaining({ code: "ros/arguments" }) as Error;

describe("a name is expanded", () => {
  it.each([
    ["joint_states", "/kairos/joint_states"],
    ["camera/image_raw", "/kairos/camera/image_raw"],
    ["/tf", "/tf"],
    ["~/stop", "/kairos/kairos_bridge/stop"],
    ["~", "/kairos/kairos_bridge"],
    ["{node}/x", "/kairos/kairos_bridge/x"],
    ["{ns}/x", "/kairos/x"],
    ["/a/{node}", "/a/kairos_bridge"],
    ["~/{node}", "/kairos/kairos_bridge/kairos_bridge"],
    ["__hidden", "/kairos/__hidden"],
  ])("%s becomes %s", (name, full) => {
    expect(expandedName(name, node)).toBe(full);
  });

  it.each(["", "/", "a/", "a//b", "1st", "a b", "~x", "a~b", "a/1st", "ä", "{nobody}/x", "//a"])(
    "%j is refused",
    (name) => {
      expect(() => expandedName(name, node)).toThrow(refused);
    },
  );

  it("lies in the root where the namespace is /", () => {
    const inRoot = { name: "n", namespace: "/" };
    expect(expandedName("a", inRoot)).toBe("/a");
    expect(expandedName("~/a", inRoot)).toBe("/n/a");
    expect(fullNodeName(inRoot)).toBe("/n");
  });
});

it.each([
  ["/kairos", "/kairos"],
  ["kairos/left", "/kairos/left"],
  ["/", "/"],
])("the namespace %s is taken as %s", (found, taken) => {
  expect(checkedNamespace(found)).toBe(taken);
});

it.each(["/a/", "/a//b", "/1", "/a b"])("the namespace %j is refused", (namespace) => {
  expect(() => checkedNamespace(namespace)).toThrow(refused);
});

it.each(["", "a/b", "1st", "a-b", "/a"])("the node name %j is refused", (name) => {
  expect(() => checkedNodeName(name)).toThrow(refused);
});

describe("a remap rule", () => {
  it.each([
    ["joint_states:=/joint_states", "topic", "joint_states", "/joint_states"],
    ["joint_states:=/joint_states", "service", "joint_states", "/joint_states"],
    ["/kairos/joint_states:=measured", "topic", "joint_states", "/kairos/measured"],
    ["/tf:=tf", "topic", "/tf", "/kairos/tf"],
    ["~/stop:=/stop", "service", "~/stop", "/stop"],
    ["/kairos/kairos_bridge/stop:=/stop", "service", "~/stop", "/stop"],
    ["rostopic://x:=y", "topic", "x", "/kairos/y"],
    ["rostopic://x:=y", "service", "x", "/kairos/x"],
    ["rosservice://x:=y", "service", "x", "/kairos/y"],
    ["rosservice://x:=y", "topic", "x", "/kairos/x"],
    ["rostopic://x:=rostopic://y", "topic", "x", "/kairos/y"],
    ["kairos_bridge:x:=y", "topic", "x", "/kairos/y"],
    ["other:x:=y", "topic", "x", "/kairos/x"],
    ["kairos_bridge:rostopic://x:=y", "topic", "x", "/kairos/y"],
    ["a:={node}/a", "topic", "a", "/kairos/kairos_bridge/a"],
  ] as const)("%s: the %s %s is %s", (rule, kind, name, full) => {
    const rules = [parseRemapRule(rule)];
    expect(resolvedName(name, { kind, node, rules })).toBe(full);
  });

  it("decides where it is the first that fits, and its result is not looked up again", () => {
    const rules = ["a:=b", "a:=c", "b:=d"].map(parseRemapRule);
    expect(resolvedName("a", { kind: "topic", node, rules })).toBe("/kairos/b");
    expect(resolvedName("b", { kind: "topic", node, rules })).toBe("/kairos/d");
  });

  it.each(["", "a", "a:=", ":=b", "a:=b c", "__ns:=left", "__node:=a/b", "a:=b/", "x://a:=b"])(
    "%j is refused",
    (rule) => {
      expect(() => parseRemapRule(rule)).toThrow(refused);
    },
  );
});

describe("a node is renamed", () => {
  it.each([
    [["__node:=left"], "/kairos/left"],
    [["__name:=left"], "/kairos/left"],
    [["__ns:=/robot"], "/robot/kairos_bridge"],
    [["__ns:=/"], "/kairos_bridge"],
    [["kairos_bridge:__node:=left"], "/kairos/left"],
    [["other:__node:=left"], "/kairos/kairos_bridge"],
    [["__node:=left", "__node:=right"], "/kairos/left"],
    // Rules for the namespace see the new name, as in rcl.
    [["__node:=left", "left:__ns:=/l"], "/l/left"],
    [["__node:=left", "kairos_bridge:__ns:=/l"], "/kairos/left"],
  ])("by %j to %s", (rules, full) => {
    expect(fullNodeName(remappedNode(node, rules.map(parseRemapRule)))).toBe(full);
  });
});
