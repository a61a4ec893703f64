import { describe, expect, it } from "vitest";
import { parse as parseYaml } from "yaml";
import { messageDefinition } from "../../../../ros/messages/reader-definitions.ts";
import { fieldAt, messageTree } from "../../../../ros/cli/message-tree.ts";
import { messageCsv, messageYaml } from "../../../../ros/cli/message-yaml.ts";
import { floatText } from "../../../../ros/cli/python-number.ts";
import { yamlText } from "../../../../ros/cli/yaml-text.ts";

const header = { stamp: { sec: 12, nanosec: 340_000_000 }, frame_id: "mount_base" };
const jointState = {
  header,
  name: ["yaw", "pitch"],
  position: Float64Array.of(0.5, -1),
  velocity: new Float64Array(0),
  effort: Float64Array.of(Number.NaN, 1e-7),
};

const tree = (type: string, value: unknown, maxLength = 128) =>
  messageTree(type, value, messageDefinition, { maxLength });

describe("a message as text", () => {
  it("looks as ros2 topic echo writes it", () => {
    expect(messageYaml(tree("sensor_msgs/JointState", jointState))).toBe(`header:
  stamp:
    sec: 12
    nanosec: 340000000
  frame_id: mount_base
name:
- yaw
- pitch
position:
- 0.5
- -1.0
velocity: []
effort:
- .nan
- 1.0e-07
`);
  });

  it("nests lists of messages", () => {
    const status = {
      level: 1,
      name: "a: b",
      message: "",
      hardware_id: "mount0",
      values: [
        { key: "x", value: "1" },
        { key: "y", value: "yes" },
      ],
    };
    const text = messageYaml(tree("diagnostic_msgs/DiagnosticArray", { header, status: [status] }));
    expect(text).toBe(`header:
  stamp:
    sec: 12
    nanosec: 340000000
  frame_id: mount_base
status:
- level: 1
  name: 'a: b'
  message: ''
  hardware_id: mount0
  values:
  - key: x
    value: '1'
  - key: y
    value: 'yes'
`);
  });

  it("cuts long lists and texts short, and says so", () => {
    const message = { header, format: "x".repeat(10), data: Uint8Array.of(1, 2, 3, 4, 5) };
    expect(messageYaml(tree("sensor_msgs/CompressedImage", message, 3))).toContain(
      "format: xxx...\ndata:\n- 1\n- 2\n- 3\n- '...'\n",
    );
  });

  it("may leave out what is in lists and texts", () => {
    const text = messageYaml(tree("sensor_msgs/JointState", jointState), {
      noArrays: true,
      noTexts: true,
    });
    expect(text).toContain("frame_id: '<string length: <10>>'");
    expect(text).toContain("position: '<sequence type: float64, length: 2>'");
  });

  it("in one line is its values, with commas", () => {
    expect(messageCsv(tree("sensor_msgs/JointState", jointState))).toBe(
      "12,340000000,mount_base,yaw,pitch,0.5,-1.0,nan,1.0e-07\n",
    );
  });

  it.each([
    ["header.stamp.sec", "12\n"],
    ["name[1]", "pitch\n"],
    ["position", "- 0.5\n- -1.0\n"],
    ["header.stamp", "sec: 12\nnanosec: 340000000\n"],
    ["velocity", "[]\n"],
  ])("may be a field of it: %s", (path, text) => {
    const found = fieldAt(tree("sensor_msgs/JointState", jointState), path);
    expect(found.ok && messageYaml(found.tree)).toBe(text);
  });

  it.each([
    ["nowhere", 'the message has no field "nowhere", it has header, name, position'],
    ["header.sec", 'header has no field "sec", it has stamp, frame_id'],
    ["name[2]", "name has no element 2, it has 2 elements"],
    ["header.stamp.sec.x", "header.stamp.sec has no"],
    ["header..stamp", "is no path"],
  ])("has no field %j, and says what it has", (path, text) => {
    const found = fieldAt(tree("sensor_msgs/JointState", jointState), path);
    if (path === "") expect(found.ok).toBe(true);
    else
      expect(found).toMatchObject({ ok: false, problem: expect.stringContaining(text) as string });
  });
});

describe("a float", () => {
  // What Python 3's repr and PyYAML's dumper give.
  it.each([
    [0, "0.0"],
    [-0, "-0.0"],
    [1, "1.0"],
    [-12.5, "-12.5"],
    [0.1, "0.1"],
    [0.0001, "0.0001"],
    [0.00001, "1.0e-05"],
    [0.000012, "1.2e-05"],
    [123456789012345680, "1.2345678901234568e+17"],
    [1e16, "1.0e+16"],
    [9007199254740992, "9007199254740992.0"],
    [1e300, "1.0e+300"],
    [Number.NaN, ".nan"],
    [Number.NEGATIVE_INFINITY, "-.inf"],
  ])("%d is %s", (value, text) => {
    expect(floatText(value)).toBe(text);
  });
});

describe("a text in YAML", () => {
  it.each([
    ["", "''"],
    ["yaw", "yaw"],
    ["/kairos/joint_states", "/kairos/joint_states"],
    ["1.5", "'1.5'"],
    ["no", "'no'"],
    ["it's", "it's"],
    ["'quoted'", "'''quoted'''"],
    ["y", "y"],
    ["a: b", "'a: b'"],
    ["two\nlines", '"two\\nlines"'],
    ["- x", "'- x'"],
    ["#x", "'#x'"],
    ["trailing ", "'trailing '"],
  ])("%j is written %s, and read back", (text, written) => {
    expect(yamlText(text)).toBe(written);
    expect(parseYaml(yamlText(text))).toBe(text);
  });
});
