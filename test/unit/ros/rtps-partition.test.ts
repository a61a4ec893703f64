import { describe, expect, it } from "vitest";
import { shareAPartition } from "../../../ros/rtps/params/partition.ts";

describe("partitions", () => {
  it.each([
    { offered: [], requested: [], meet: true },
    { offered: [], requested: [""], meet: true },
    { offered: [], requested: ["a"], meet: false },
    { offered: ["a", "b"], requested: ["b", "c"], meet: true },
    { offered: ["a"], requested: ["*"], meet: true },
    { offered: [], requested: ["*"], meet: true },
    { offered: ["robot*"], requested: ["robot1/arm"], meet: true },
    { offered: ["robot*"], requested: ["Robot1"], meet: false },
    { offered: ["a?c"], requested: ["abc"], meet: true },
    { offered: ["a?c"], requested: ["ac"], meet: false },
    { offered: ["a*b*c"], requested: ["axxbyybzzc"], meet: true },
    { offered: ["a*b*c"], requested: ["axxbyybzz"], meet: false },
    { offered: ["cell[0-9]"], requested: ["cell7"], meet: true },
    { offered: ["cell[0-9]"], requested: ["cellx"], meet: false },
    { offered: ["cell[!0-9]"], requested: ["cellx"], meet: true },
    { offered: ["cell[!0-9]"], requested: ["cell7"], meet: false },
    { offered: ["cell[ab]*"], requested: ["cellb-left"], meet: true },
    { offered: ["a[b"], requested: ["a[b"], meet: true },
    // Two patterns are never compared with each other (DDS 1.4, 2.2.3.13), unless they are the same.
    { offered: ["a*"], requested: ["*a"], meet: false },
    { offered: ["a*"], requested: ["a*"], meet: true },
  ])("$offered and $requested: $meet, either way round", ({ offered, requested, meet }) => {
    expect(shareAPartition(offered, requested)).toBe(meet);
    expect(shareAPartition(requested, offered)).toBe(meet);
  });

  it("are compared in bounded time, whatever the pattern", () => {
    const name = "a".repeat(256);
    expect(shareAPartition([`${"*a".repeat(127)}*b`], [name])).toBe(false);
  });
});
