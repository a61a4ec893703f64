import { readdir, readFile } from "node:fs/promises";
import { ros2humble, ros2jazzy } from "@foxglove/rosmsg-msgs-common";
import { describe, expect, it } from "vitest";
import { parseFields, splitParts } from "../../../../ros/messages/definition-parser.ts";
import { messageDefinition } from "../../../../ros/messages/reader-definitions.ts";
import { definedTypes, messageType, typeWithParts } from "../../../../ros/messages/type-table.ts";

const messages = definedTypes.filter((name) => name.includes("/msg/"));
// As others parsed the .msg files. They have no bytes, and a time as a type of its own.
const theirs: Readonly<Record<string, { definitions: readonly object[] } | undefined>> = ros2jazzy;
const short = (name: string): string => name.replace("/msg/", "/");

describe("the table of definitions", () => {
  it.each(messages.filter((name) => theirs[short(name)] !== undefined))(
    "%s has the fields of Jazzy's .msg file",
    (name) => {
      const fields = theirs[short(name)]?.definitions as readonly {
        name: string;
        type: string;
        isArray?: boolean;
        arrayLength?: number;
        isConstant?: boolean;
      }[];
      const expected = fields
        .filter((field) => field.isConstant !== true)
        .map(({ name: field, type, isArray = false, arrayLength }) => ({
          name: field,
          type:
            { time: "builtin_interfaces/Time", duration: "builtin_interfaces/Duration" }[type] ??
            type,
          isArray,
          arrayLength,
        }));
      const ours = messageDefinition(short(name))?.definitions.map((field) => ({
        name: field.name,
        type: field.type,
        isArray: field.isArray,
        arrayLength: field.arrayLength,
      }));
      expect(ours).toEqual(expected);
    },
  );

  it("covers nearly all that is bundled of its packages, and Humble has the same", () => {
    const common = messages.filter((name) => theirs[short(name)] !== undefined);
    expect(common.length).toBeGreaterThan(50);
    const humble: Readonly<Record<string, { definitions: readonly object[] } | undefined>> =
      ros2humble;
    for (const name of common) {
      if (humble[short(name)] === undefined) continue;
      expect(JSON.stringify(humble[short(name)]), name).toBe(JSON.stringify(theirs[short(name)]));
    }
  });

  it("resolves every type it names", () => {
    for (const name of definedTypes) {
      const parts = { msg: [""], srv: ["_Request", "_Response"], action: ["_Goal", "_Result"] };
      const kind = name.split("/")[1] as keyof typeof parts;
      for (const part of parts[kind]) expect(typeWithParts(name + part).length).toBeGreaterThan(0);
    }
  });

  it("has the fields of every .msg file of ros/kairos_msgs, and no other", async () => {
    const files = (await readdir("ros/kairos_msgs/msg")).filter((file) => file.endsWith(".msg"));
    const names = files.map((file) => `kairos_msgs/msg/${file.replace(".msg", "")}`);
    expect(messages.filter((name) => name.startsWith("kairos_msgs/")).sort()).toEqual(names.sort());
    for (const name of names) {
      const text = await readFile(`ros/${name.replace("/msg/", "/msg/")}.msg`, "utf8");
      expect(messageType(name).fields, name).toEqual(parseFields(text, "kairos_msgs"));
    }
  });

  it("knows what an action implies", () => {
    const names = (name: string) => messageType(name).fields.map((field) => field.name);
    const action = "control_msgs/action/FollowJointTrajectory";
    expect(names(`${action}_SendGoal_Request`)).toEqual(["goal_id", "goal"]);
    expect(names(`${action}_SendGoal_Response`)).toEqual(["accepted", "stamp"]);
    expect(names(`${action}_GetResult_Request`)).toEqual(["goal_id"]);
    expect(names(`${action}_GetResult_Response`)).toEqual(["status", "result"]);
    expect(names(`${action}_FeedbackMessage`)).toEqual(["goal_id", "feedback"]);
    expect(names(`${action}_SendGoal_Event`)).toEqual(["info", "request", "response"]);
  });

  it.each([
    "std_msgs/msg/NoSuch",
    "std_srvs/srv/Trigger_NoSuch",
    "control_msgs/action/FollowJointTrajectory",
    "control_msgs/action/NoSuch_SendGoal_Request",
    "std_srvs/srv/Trigger_SendGoal",
    "std_srvs/srv/NoSuch_Event",
    "toString",
    "",
  ])("refuses %j with ros/type", (name) => {
    expect(() => messageType(name)).toThrow(expect.objectContaining({ code: "ros/type" }));
  });
});

describe("a .msg file", () => {
  it("is read field by field: comments, constants and defaults are no fields", () => {
    const text = `
      # words
      uint8 LEVEL_HIGH=3   # a constant
      string NAME = text # another
      float64[36] covariance
      string<=5[<=3] names
      float64 w 1
      std_msgs/Header header # of another package
      Point[] points`;
    expect(parseFields(text, "own_msgs")).toEqual([
      {
        name: "covariance",
        type: "float64",
        multiplicity: "array",
        capacity: 36,
        stringCapacity: 0,
      },
      {
        name: "names",
        type: "string",
        multiplicity: "bounded-sequence",
        capacity: 3,
        stringCapacity: 5,
      },
      { name: "w", type: "float64", multiplicity: "single", capacity: 0, stringCapacity: 0 },
      {
        name: "header",
        type: "std_msgs/msg/Header",
        multiplicity: "single",
        capacity: 0,
        stringCapacity: 0,
      },
      {
        name: "points",
        type: "own_msgs/msg/Point",
        multiplicity: "sequence",
        capacity: 0,
        stringCapacity: 0,
      },
    ]);
    expect(splitParts("a\n---\nb\n --- \nc")).toHaveLength(3);
  });

  it.each(["float64", "float64[ x", "wstring text", "int128 x", "1abc x", "uint8 lower = 3"])(
    "with the line %j is refused with ros/type",
    (line) => {
      expect(() => parseFields(line, "own_msgs")).toThrow(
        expect.objectContaining({ code: "ros/type" }),
      );
    },
  );
});
