import { expect, it } from "vitest";
import { openRunParts } from "../../../bridge/lockstep/open-run-parts.ts";
import { runScenario, type RunResult } from "../../../bridge/lockstep/run-scenario.ts";
import { randomScenario } from "../../../sims/scenario/random-scenario.ts";

/** The full count is `npm run soak:faults`. */
const runCount = 500;
const random = { device: "phone-mount-4dof", scene: "targets", model: "none", seed: 0 } as const;

it(`${runCount} seeded faulted runs break no invariant`, { timeout: 180_000 }, async () => {
  await using parts = await openRunParts(random);
  const struck = new Set<string>();
  let applied = 0;
  for (let seed = 1; seed <= runCount; seed += 1) {
    const scenario = randomScenario(parts.device, seed);
    const result = await runScenario(parts, { scenario, seed });
    // The message carries the seed, and the seed is all it takes to see it again.
    expect(result.violations, `seed ${seed}, faults ${result.faults.join(" ")}`).toEqual([]);
    for (const [kind, count] of Object.entries(result.faultCounts)) if (count > 0) struck.add(kind);
    applied += result.commands.applied;
  }
  // That nothing broke says something only if much was tried.
  expect(struck.size).toBeGreaterThan(25);
  expect(applied).toBeGreaterThan(runCount);
});

it("a run is the same to the bit when it is run again, also after others", async () => {
  await using parts = await openRunParts(random);
  const run = (seed: number): Promise<RunResult> =>
    runScenario(parts, { scenario: randomScenario(parts.device, seed), seed });
  const seeds = [3032, 564, 11, 12, 13];
  const first = [];
  for (const seed of seeds) first.push(await run(seed));
  const again = [];
  for (const seed of [...seeds].reverse()) again.unshift(await run(seed));
  expect(again.map(({ digest }) => digest)).toEqual(first.map(({ digest }) => digest));
  expect(again.map(({ faultCounts }) => faultCounts)).toEqual(
    first.map(({ faultCounts }) => faultCounts),
  );
  expect(new Set(first.map(({ digest }) => digest)).size).toBe(seeds.length);
});
