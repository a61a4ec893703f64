import { beforeEach, describe, expect, it } from "vitest";
import {
  ParameterStore,
  type ParameterChange,
  type ParameterDeclaration,
} from "../../../../ros/node/parameter-store.ts";
import type { ParameterValue } from "../../../../ros/node/parameter-value.ts";

const refused = expect.objectContaining({ code: "ros/arguments" }) as Error;
const double = (value: number): ParameterValue => ({ type: "double", value });
const integer = (value: number): ParameterValue => ({ type: "integer", value });

let applied: unknown[];
let changes: ParameterChange[];
let store: ParameterStore;

const lookahead: ParameterDeclaration = {
  name: "model.lookahead_ms",
  value: double(-1),
  description: "Which predicted state is published",
  range: { from: -1, to: 2000, step: 0 },
  apply: (value) => applied.push(value),
};
const declarations: readonly ParameterDeclaration[] = [
  lookahead,
  { name: "model.package", value: { type: "string", value: "" }, description: "directory" },
  {
    name: "rate",
    value: integer(4),
    description: "",
    range: { from: 0, to: 9, step: 4 },
    apply: (value) => applied.push(value),
  },
  {
    name: "log.level",
    value: { type: "string", value: "info" },
    description: "",
    check: (value) => (value === "loud" ? "value is loud, expected info" : undefined),
    apply: (value) => applied.push(value),
  },
  { name: "a.b.c", value: { type: "bool", value: true }, description: "" },
];

beforeEach(() => {
  applied = [];
  changes = [];
  store = new ParameterStore();
  for (const declaration of declarations) store.declare(declaration);
  store.onChange((change) => changes.push(change));
});

it("a parameter has its value, type, range and meaning", () => {
  expect(store.get("model.lookahead_ms")).toEqual(double(-1));
  expect(store.describe("model.lookahead_ms")).toEqual({
    name: "model.lookahead_ms",
    type: "double",
    description: "Which predicted state is published",
    additionalConstraints: "",
    readOnly: false,
    range: { from: -1, to: 2000, step: 0 },
  });
  expect(store.describe("model.package")?.readOnly).toBe(true);
});

it("one that is not declared is not set, and not described", () => {
  expect(store.get("nothing")).toEqual({ type: "not_set" });
  expect(store.describe("nothing")).toBeUndefined();
});

describe("setting", () => {
  it.each([
    ["model.lookahead_ms", double(120), ""],
    ["model.lookahead_ms", double(2000), ""],
    ["model.lookahead_ms", double(2000.1), "expected -1 to 2000"],
    ["model.lookahead_ms", double(Number.NaN), "expected -1 to 2000"],
    ["model.lookahead_ms", integer(120), "type is integer, expected double"],
    ["model.lookahead_ms", { type: "not_set" }, "type is not_set, expected double"],
    ["rate", integer(8), ""],
    ["rate", integer(9), ""],
    ["rate", integer(5), "in steps of 4"],
    ["model.package", { type: "string", value: "x" }, "parameter model.package is read-only"],
    ["model.package", { type: "string", value: "" }, "parameter model.package is read-only"],
    ["nothing", integer(1), "parameter nothing is not declared"],
    ["log.level", { type: "string", value: "loud" }, "value is loud"],
  ] as const)("%s to %j: %s", (name, value, reason) => {
    const [result] = store.set([{ name, value }]);
    expect(result?.reason).toContain(reason);
    expect(result?.successful).toBe(reason === "");
    expect(applied).toEqual(reason === "" ? [(value as { value: unknown }).value] : []);
    expect(changes).toHaveLength(reason === "" ? 1 : 0);
  });

  it("of several takes what it can", () => {
    const results = store.set([
      { name: "rate", value: integer(77) },
      { name: "model.lookahead_ms", value: double(1) },
    ]);
    expect(results.map(({ successful }) => successful)).toEqual([false, true]);
    expect(applied).toEqual([1]);
  });

  it("atomically takes all or none", () => {
    const good = { name: "model.lookahead_ms", value: double(1) };
    expect(store.setAtomically([good, { name: "rate", value: integer(77) }]).successful).toBe(
      false,
    );
    expect(store.get("model.lookahead_ms")).toEqual(double(-1));
    expect(applied).toEqual([]);
    expect(store.setAtomically([good, { name: "rate", value: integer(8) }]).successful).toBe(true);
    expect(applied).toEqual([1, 8]);
    expect(changes.at(-1)?.changed).toHaveLength(2);
  });
});

describe("listing", () => {
  it.each([
    [[], 0, "a.b.c log.level model.lookahead_ms model.package rate", "a.b log model"],
    [[], 1, "rate", ""],
    [[], 2, "log.level model.lookahead_ms model.package rate", "log model"],
    [["model"], 0, "model.lookahead_ms model.package", "model"],
    [["a"], 1, "", ""],
    [["a"], 2, "a.b.c", "a.b"],
    [["rate"], 1, "rate", ""],
    [["mod"], 0, "", ""],
  ] as const)("under %j to depth %d gives %s", (prefixes, depth, names, above) => {
    const found = store.list(prefixes, depth);
    expect(found.names.join(" ")).toBe(names);
    expect(found.prefixes.join(" ")).toBe(above);
  });
});

describe("an override", () => {
  const overriding = (value: ParameterValue): ParameterStore =>
    new ParameterStore(new Map([[lookahead.name, value]]));

  it.each([
    [double(50), 50],
    // A launch file's 50 is an integer; it loses nothing as a double.
    [integer(50), 50],
  ])("%j becomes the value %d", (value, expected) => {
    const overridden = overriding(value);
    expect(overridden.declare(lookahead)).toBe(expected);
    expect(overridden.get(lookahead.name)).toEqual(double(expected));
    expect(applied).toEqual([]);
  });

  it.each([double(5000), { type: "string", value: "50" } as const])("%j is refused", (value) => {
    expect(() => overriding(value).declare(lookahead)).toThrow(refused);
  });

  it("that nothing is declared for is told", () => {
    const misspelt = new ParameterStore(new Map([["lookahed", double(5)]]));
    misspelt.declare(lookahead);
    expect(misspelt.unusedOverrides()).toEqual(["lookahed"]);
  });

  it("may be an empty list, whose type YAML does not say", () => {
    const empty = new ParameterStore(new Map([["l", { type: "string_array", value: [] }]]));
    const value = { type: "double_array", value: [1] } as const;
    expect(empty.declare({ name: "l", value, description: "" })).toEqual([]);
    expect(empty.get("l").type).toBe("double_array");
  });
});
