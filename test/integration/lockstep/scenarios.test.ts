import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { writeReport } from "../../../bridge/lockstep/report/write-report.ts";
import { isGood } from "../../../bridge/lockstep/run-scenario.ts";
import { shippedScenarios, simulate } from "../../../bridge/lockstep/simulate.ts";

describe("the shipped scenarios", () => {
  it.each(shippedScenarios())("%s holds what it expects and breaks no invariant", async (name) => {
    const { results } = await simulate({ scenario: name, runs: 1, faults: [] });
    const [result] = results;
    expect(result?.violations).toEqual([]);
    expect(result?.expectations.filter(({ holds }) => !holds)).toEqual([]);
    expect(result?.commands.forwarded).toBeGreaterThan(0);
    // Each of the faults it names did something.
    const quiet = Object.entries(result?.faultCounts ?? {}).filter(([, count]) => count === 0);
    expect(quiet).toEqual([]);
  });

  it("fail when what they expect does not come true", async () => {
    // The arm does not follow: the pose is not reached, and the run says so.
    const { results } = await simulate({
      scenario: "estop-and-reset",
      runs: 1,
      faults: ["driver.freeze@4s"],
    });
    expect(isGood(results[0]!)).toBe(false);
    expect(results[0]!.violations).toEqual([]);
    expect(results[0]!.expectations.find(({ holds }) => !holds)?.expected).toContain("yaw at 0.5");
  });

  it("refuse a fault that there is not before anything runs", async () => {
    const wrong = simulate({ scenario: "random", runs: 1, faults: ["arm.falloff"] });
    await expect(wrong).rejects.toThrow("there is no place arm");
  });
});

describe("seeds", () => {
  it("give other runs, and each gives its own again", async () => {
    const options = { scenario: "flaky-link", faults: [] };
    const three = await simulate({ ...options, runs: 3, seed: 20 });
    const second = await simulate({ ...options, runs: 1, seed: 21 });
    const digests = three.results.map((result) => result.digest);
    expect(new Set(digests).size).toBe(3);
    expect(second.results[0]!.digest).toBe(digests[1]);
  });
});

it("a report holds the summary, a line per run, a page that stands alone and a picture", async () => {
  const folder = await mkdtemp(join(tmpdir(), "kairos-report-"));
  try {
    const simulation = await simulate({ scenario: "power-trouble", runs: 3, faults: [] });
    const summary = await writeReport(simulation, folder);
    expect(summary).toMatchObject({ runs: 3, good: 3, violations: 0, badSeeds: [] });
    expect((await readdir(folder)).sort()).toEqual([
      "report.html",
      "report.png",
      "runs.csv",
      "runs.json",
      "summary.json",
    ]);
    const read = (name: string): Promise<string> => readFile(join(folder, name), "utf8");
    expect(JSON.parse(await read("summary.json"))).toEqual(JSON.parse(JSON.stringify(summary)));
    const lines = (await read("runs.csv")).trimEnd().split("\r\n");
    expect(lines).toHaveLength(4);
    expect(new Set(lines.map((line) => line.split(",").length)).size).toBe(1);
    const html = await read("report.html");
    expect(html).toContain("<svg");
    expect(html).not.toMatch(/<script|src=|href=/);
    const png = await readFile(join(folder, "report.png"));
    expect(png.subarray(1, 4).toString()).toBe("PNG");
    expect(png.readUInt32BE(16)).toBe(2320);
  } finally {
    await rm(folder, { recursive: true });
  }
});
