import { existsSync, readFileSync } from "node:fs";
import process from "node:process";
import { describe, expect, test } from "vitest";
import { isRelease } from "../../../models/engine/ort-ffi/ort-api.ts";
import { checkSlots, readMembers, versionOfSlot } from "../../peers/ort-library/slot-checker.ts";
import {
  lastSlots,
  newerSlots,
  ortSlots,
  releaseSlots,
} from "../../../models/engine/ort-ffi/slots.ts";

const slots = { ...ortSlots, ...newerSlots };
const all = { ...slots, ...releaseSlots };

describe("the slot table", () => {
  test("lists nothing twice", () => {
    const indices = Object.values(all).map((slot) => slot.index);
    expect(new Set(indices).size).toBe(indices.length);
  });

  test("gives every slot the version whose table first reaches it", () => {
    const found = Object.entries(slots).map(([name, slot]) => [name, versionOfSlot(slot.index)]);
    const stated = Object.entries(slots).map(([name, slot]) => [name, slot.since]);
    expect(stated).toEqual(found);
  });

  test("needs nothing that the oldest library taken does not have", () => {
    expect(Math.max(...Object.values(ortSlots).map((slot) => slot.since))).toBeLessThanOrEqual(21);
  });

  test("keeps to releases what development builds have moved", () => {
    const last = lastSlots.at(-1)![1];
    expect(Math.max(...Object.values(slots).map((slot) => slot.index))).toBeLessThanOrEqual(last);
    expect(Math.min(...Object.values(releaseSlots).map((slot) => slot.index))).toBeGreaterThan(389);
  });
});

const npm = "ORT Build Info: git-branch=HEAD, git-commit-id=f2c39fe2f, build type=Release";
test.each([
  ["1.30.0", npm, true],
  ["1.30.1", npm.replace("HEAD", "rel-1.30.1"), true],
  ["1.30.0", npm.replace("HEAD", "v1.30.0"), true],
  ["1.23.2", "ORT Build Info: build type=Release", true],
  ["1.30.0", "", true],
  ["1.30.0", npm.replace("HEAD", "main"), false],
  ["1.30.0", npm.replace("HEAD", "user/feature"), false],
  ["1.30.0-dev", npm, false],
  ["1.31.0+cu130", npm, false],
])("%s built as %j: a release? %s", (version, buildInfo, expected) => {
  expect(isRelease(version, buildInfo)).toBe(expected);
});

/** Four members in every spelling the header uses. */
const header = `
struct OrtApi {
  /** \\brief comment, with ORT_API2_STATUS(NotAMember, int a); in it */
  OrtStatus*(ORT_API_CALL* CreateStatus)(OrtErrorCode code, _In_ const char* msg)NO_EXCEPTION;
  ORT_API2_STATUS(Load, _In_reads_(count) const char* const* names, size_t count,
                  _Outptr_ OrtThing** out);
  ORT_CLASS_RELEASE(Thing);
  const char*(ORT_API_CALL* Name)(void);
  ORT_API_T(int, Kind, _In_ const OrtThing* thing);
};
struct Other { int x; };`;

describe("the checker", () => {
  const members = readMembers(header);
  const good = {
    Load: { index: 1, since: 1, result: "status", args: ["memory", "size", "memory"] },
    ReleaseThing: { index: 2, since: 1, result: "nothing", args: ["address"] },
    Name: { index: 3, since: 1, result: "text", args: [] },
    Kind: { index: 4, since: 1, result: "int", args: ["address"] },
  } as const;

  test("reads every spelling of a member", () => {
    expect(members.map(({ name }) => name)).toEqual([
      "CreateStatus",
      "Load",
      "ReleaseThing",
      "Name",
      "Kind",
    ]);
    expect(members[1]?.parameters).toEqual([
      "const char* const* names",
      "size_t count",
      "OrtThing** out",
    ]);
  });

  test("finds nothing wrong with a table that agrees", () => {
    expect(checkSlots(good, members)).toEqual([]);
  });

  test.each([
    ["another place", { Load: { ...good.Load, index: 2 } }, "Load is slot 1, not 2"],
    ["an unknown name", { Save: good.Load }, "Save is not in the header"],
    [
      "a missing argument",
      { Load: { ...good.Load, args: ["memory", "size"] } },
      "Load takes 3 arguments, not 2",
    ],
    [
      "an integer for a pointer",
      { Load: { ...good.Load, args: ["int", "size", "memory"] } },
      "Load: const char* const* names does not go in as int",
    ],
    [
      "a size for an int",
      { Load: { ...good.Load, args: ["memory", "int", "memory"] } },
      "Load: size_t count does not go in as int",
    ],
    [
      "another result",
      { Name: { ...good.Name, result: "int" } },
      "Name gives const char*, not int",
    ],
  ] as const)("finds %s", (_, table, problem) => {
    expect(checkSlots(table, members)).toEqual([problem]);
  });
});

/** Headers of libraries to check against: KAIROS_ORT_HEADERS, paths joined by colons, or Debian's. */
const headers = (
  process.env["KAIROS_ORT_HEADERS"] ?? "/usr/include/onnxruntime/onnxruntime_c_api.h"
)
  .split(":")
  .filter((path) => existsSync(path));

describe.skipIf(headers.length === 0)("against onnxruntime_c_api.h (KAIROS_ORT_HEADERS)", () => {
  test.each(headers)("%s has every slot where the table says, as it says", (path) => {
    const text = readFileSync(path, "utf8");
    const version = Number(/#define ORT_API_VERSION (\d+)/.exec(text)?.[1]);
    const members = readMembers(text);
    const known = Object.fromEntries(
      Object.entries(all).filter(([, { since }]) => since <= version),
    );
    expect(checkSlots(known, members)).toEqual([]);
    for (const [since, last] of lastSlots) {
      if (since === version) expect(members).toHaveLength(last + 1);
    }
  });
});
