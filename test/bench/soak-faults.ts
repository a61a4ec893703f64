import process from "node:process";
import { openRunParts } from "../../bridge/lockstep/open-run-parts.ts";
import { runScenario } from "../../bridge/lockstep/run-scenario.ts";
import { randomScenario } from "../../sims/scenario/random-scenario.ts";

// Seeded faulted runs in lockstep: node dist/test/bench/soak-faults.js [runs] [first seed]
const runCount = Number(process.argv[2] ?? 10_000);
const firstSeed = Number(process.argv[3] ?? 1);
await using parts = await openRunParts({
  device: "phone-mount-4dof",
  scene: "targets",
  model: "none",
  seed: 0,
});
const startMs = performance.now();
const bad = new Map<string, number[]>();
const faultCounts: Record<string, number> = {};
let simulatedS = 0;
for (let seed = firstSeed; seed < firstSeed + runCount; seed += 1) {
  const scenario = randomScenario(parts.device, seed);
  const result = await runScenario(parts, { scenario, seed });
  simulatedS += result.simulatedS;
  for (const [kind, count] of Object.entries(result.faultCounts)) {
    if (count > 0) faultCounts[kind] = (faultCounts[kind] ?? 0) + 1;
  }
  for (const { invariant, atMs, text } of result.violations) {
    const seeds = bad.get(invariant) ?? [];
    if (!seeds.includes(seed) && seeds.length < 8) {
      console.log(
        `seed ${seed} at ${atMs.toFixed(0)} ms: ${invariant}: ${text} [${result.faults.join(" ")}]`,
      );
    }
    if (!seeds.includes(seed)) bad.set(invariant, [...seeds, seed]);
  }
}
const wallS = (performance.now() - startMs) / 1000;
console.log(`${runCount} runs, ${simulatedS.toFixed(0)} s simulated in ${wallS.toFixed(1)} s`);
console.log(
  `${(runCount / wallS).toFixed(1)} runs/s, ${(simulatedS / wallS).toFixed(0)} times real time, one thread`,
);
console.log("runs a fault struck in:", faultCounts);
for (const [invariant, seeds] of bad) console.log(`VIOLATED ${invariant}: ${seeds.length} runs`);
if (bad.size > 0) process.exitCode = 1;
