import { createHash } from "node:crypto";
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runCli } from "./run-cli.ts";

const embedded = "models/embedded";

/** A copy of the embedded package in which one file was changed and its hash with it. */
function changed(file: string, change: (text: string) => string): string {
  const folder = join(mkdtempSync(join(tmpdir(), "kairos-packages-")), "copy");
  cpSync(embedded, folder, { recursive: true });
  const content = change(readFileSync(join(folder, file), "utf8"));
  writeFileSync(join(folder, file), content);
  const path = join(folder, "manifest.json");
  const manifest = JSON.parse(readFileSync(path, "utf8")) as {
    files: { path: string; sha256: string; bytes: number }[];
    seal?: string;
  };
  // Its author would seal it anew; without a seal it is as good.
  delete manifest.seal;
  const entry = manifest.files.find((each) => each.path === file)!;
  entry.sha256 = createHash("sha256").update(content).digest("hex");
  entry.bytes = Buffer.byteLength(content);
  writeFileSync(path, JSON.stringify(manifest));
  return folder;
}

interface GoldenText {
  readonly observations: { readonly proprio: number[]; readonly action: number[] }[];
  readonly actionsRad: number[][];
  readonly mean: number[][];
}
const golden = JSON.parse(readFileSync(join(embedded, "golden.json"), "utf8")) as GoldenText;
const withWrongMean = (text: string): string => {
  const wrong = JSON.parse(text) as GoldenText;
  wrong.mean[2]![1]! += 0.01;
  return JSON.stringify(wrong);
};

describe("kairos-bridge models list", () => {
  it("stars the package that is served, and names what is wrong with others", async () => {
    const broken = mkdtempSync(join(tmpdir(), "kairos-packages-"));
    cpSync(embedded, join(broken, "good"), { recursive: true });
    cpSync(embedded, join(broken, "bad"), { recursive: true });
    writeFileSync(join(broken, "bad", "rollout.onnx"), "no graph");
    const { code, stdout } = await runCli(["models", "list", broken]);
    const lines = stdout.split("\n");
    expect(lines[1]).toMatch(/^\* +kairos-mini-gimbal4 .* recurrent-latent .*models\/embedded/);
    expect(stdout).toMatch(/^ +\(unusable\) +.*\/bad +\[model\/hash\] rollout\.onnx/m);
    expect(stdout).toMatch(/^ +kairos-mini-gimbal4 .*\/good/m);
    expect(code).toBe(1);
    expect((await runCli(["models", "list"])).code).toBe(0);
  });

  it("refuses a folder that is not there", async () => {
    const { code, stderr } = await runCli(["models", "list", "/nowhere"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^\[model\/missing\] \/nowhere/);
  });
});

describe("kairos-bridge models inspect", () => {
  it("shows roles, shapes, units, rates, licence and provenance", async () => {
    const { code, stdout, stderr } = await runCli(["models", "inspect"]);
    expect(stderr).toBe("");
    expect(code).toBe(0);
    for (const line of [
      /licence +Apache-2\.0/,
      /made +\d{4}-\d\d-\d\d from models\/training with torch/,
      /claims +.*not safety rated/,
      /step +40 ms \(25 Hz\)/,
      /horizon +32 steps \(1\.28 s\)/,
      /in +proprio\.cur +float32 \[1, 12\] +rad, rad\/s, Nm/,
      /in +actions +float32 \[N, K, 4\] +rad/,
      /out +pred\.proprio\.mean +float32 \[N, K, 8\] +rad, rad\/s/,
      /cam0 +64 x 64 +crop, area +uint8 CHW rgb/,
      /in +stream:cam0 +uint8 \[N, 3, 64, 64\] +rgb 0\.\.255/,
      /in +frame_age:cam0 +float32 \[1, 1\] +s /,
      /core +carried +float32 \[1, 4829\]/,
      /deploy +0 +2\.1 +2\.6 +8\.7/,
    ]) {
      expect(stdout).toMatch(line);
    }
    expect(stdout.split("\n").every((line) => line.length <= 120)).toBe(true);
  });

  it("tells a program the same", async () => {
    const { stdout } = await runCli(["models", "inspect", embedded, "--json"]);
    const { report } = JSON.parse(stdout) as { report: Record<string, unknown> };
    expect(report).toMatchObject({
      id: "kairos-mini-gimbal4",
      source: embedded,
      timing: { step_s: 0.04 },
      graphs: ["encode", "observe", "rollout", "decode"].map((name) => ({ name })),
    });
  });

  it("names every problem of a manifest", async () => {
    const folder = changed("model-card.md", (text) => text);
    const path = join(folder, "manifest.json");
    const manifest = JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
    writeFileSync(path, JSON.stringify({ ...manifest, id: 7, timing: {} }));
    const { code, stderr } = await runCli(["models", "inspect", folder]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^\[model\/manifest\]/);
    expect(stderr).toMatch(/at id/);
    expect(stderr).toMatch(/at timing\.step_s/);
  });
});

describe("kairos-bridge models verify", () => {
  it("shows the worst error on each provider there is", async () => {
    const { code, stdout } = await runCli(["models", "verify", "--provider", "cpu"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ +cpu +ok +mean +\d\.\de-\d+ +0\.0001 +step \d+, column \d/m);
  });

  it("ends with 1 where the engine computes something else than was recorded", async () => {
    const folder = changed("golden.json", withWrongMean);
    const { code, stdout } = await runCli(["models", "verify", folder]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^ +cpu +WRONG +mean +0\.0100 +0\.0001 +step 3, column 1/m);
    expect(stdout).toMatch(/^ +ok +std/m);
  });

  it("ends with 1 for a provider that was named and is not there", async () => {
    const args = ["models", "verify", "--provider", "cpu", "--provider", "nonesuch", "--json"];
    const { code, stdout } = await runCli(args);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      verdicts: [
        { provider: "cpu", kind: "measured", report: { isWithin: true } },
        { provider: "nonesuch", kind: "unavailable" },
      ],
    });
  });
});

describe("kairos-bridge models run", () => {
  interface Line {
    readonly stampMs: number;
    readonly meanPosRad: number[][];
  }
  const lines = (stdout: string): Line[] =>
    stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Line);
  /** The golden rollout as a user would write it down. */
  const input = golden.observations
    .map(({ proprio, action }) =>
      JSON.stringify({
        jointPosRad: proprio.slice(0, 4),
        jointVelRadPerS: proprio.slice(4, 8),
        jointEffortNm: proprio.slice(8),
        commandPosRad: action,
        actionsRad: golden.actionsRad,
      }),
    )
    .join("\n");

  it("prints what the package recorded when it is fed what the package recorded", async () => {
    const { code, stdout } = await runCli(["models", "run", "--json"]);
    expect(code).toBe(0);
    const predicted = lines(stdout);
    expect(predicted).toHaveLength(golden.observations.length);
    for (const [step, row] of predicted.at(-1)!.meanPosRad.entries()) {
      for (const [axis, value] of row.entries()) {
        expect(Math.abs(value - golden.mean[step]![axis]!)).toBeLessThan(1e-4);
      }
    }
  });

  it("takes JSON lines from standard input, one step apart unless they say otherwise", async () => {
    const fromGolden = await runCli(["models", "run", "--json"]);
    const fromInput = await runCli(["models", "run", "--json", "--input", "-"], { input });
    const plain = (stdout: string): unknown =>
      lines(stdout).map(({ stampMs, meanPosRad }) => ({ stampMs, meanPosRad }));
    expect(plain(fromInput.stdout)).toEqual(plain(fromGolden.stdout));
  });

  it("shows people a table of the last prediction", async () => {
    const args = ["models", "run", "--input", "-", "--steps", "6"];
    const { stdout } = await runCli(args, { input });
    expect(stdout).toMatch(/^kairos-mini-gimbal4 .* on cpu: \d+ observations, predicted in/);
    expect(stdout).toMatch(/^ +step +ms +deploy rad +yaw rad +roll rad +pitch rad$/m);
    expect(stdout.match(/^ +\d+ +\d+ +.*±/gm)).toHaveLength(5);
  });

  const good = input.split("\n")[0]!;
  it.each([
    ["nothing", "", /the input holds no line/],
    ["no JSON", `${good}\n{`, /line 2: not JSON/],
    ["a list", "[]", /line 1: expected one object/],
    ["a name nobody knows", '{"jointPos": []}', /line 1: jointPos is unknown/],
    ["a row too few", '{"jointPosRad": [0, 0, 0, 0]}', /line 1: jointVelRadPerS: expected a list/],
    [
      "a row too short",
      good.replace(/"jointPosRad":\[[^\]]*\]/, '"jointPosRad":[1]'),
      /jointPosRad has 1 elements, expected 4/,
    ],
    [
      "an action too short",
      good.replace(/"actionsRad":.*/, '"actionsRad":[[1]]}'),
      /actionsRad has 1 numbers/,
    ],
  ])("refuses %s", async (_, text, message) => {
    const { code, stderr } = await runCli(["models", "run", "--input", "-"], { input: text });
    expect(stderr).toMatch(message);
    expect(code).toBe(1);
  });

  it("refuses a package whose golden rollout it does not reproduce", async () => {
    const { code, stderr } = await runCli(["models", "run", changed("golden.json", withWrongMean)]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^\[model\/golden\]/);
  });
});

describe("kairos-bridge models bench", () => {
  it("times each graph and a step of the loop, with the bytes and threads", async () => {
    const args = ["models", "bench", "--runs", "5", "--steps", "8", "--candidates", "3", "--json"];
    const { code, stdout } = await runCli(args);
    expect(code).toBe(0);
    const { bench } = JSON.parse(stdout) as {
      bench: { graphs: Record<string, number>[]; program: Record<string, number>[] };
    };
    const picture = 3 * 64 * 64;
    // Floats in: 4829 + 12 + 4 + 67 + 2 (observe), three states with 8 steps of 4 setpoints (rollout).
    // Out: 8 + 8 + 2 + 2 + 1 + 1 + 64 a step.
    expect(bench.graphs).toMatchObject([
      { name: "encode", bytesIn: 3 * picture, bytesOut: 3 * 4 * 67 },
      { name: "observe", bytesIn: 4 * 4914, bytesOut: 4 * 4829 },
      { name: "rollout", bytesIn: 4 * 3 * (4829 + 32), bytesOut: 4 * 3 * 8 * 86 },
      { name: "decode", bytesOut: 3 * picture },
    ]);
    expect(bench.program.map(({ name }) => name)).toEqual(["observe", "predict N=3 K=8", "tick"]);
    for (const { msP50, msP99 } of [...bench.graphs, ...bench.program]) {
      expect(msP50).toBeGreaterThan(0);
      expect(msP99).toBeGreaterThanOrEqual(msP50!);
    }
    expect(bench).toMatchObject({ provider: "cpu", stateBytes: 4 * 4829 });
    expect(bench).toHaveProperty("threadCount");
  });

  it("refuses more steps than the package predicts, and counts that are none", async () => {
    const far = await runCli(["models", "bench", "--steps", "33"]);
    expect(far.stderr).toMatch(/predicts at most 32 steps, 33 are asked for/);
    expect(far.code).toBe(1);
    const none = await runCli(["models", "bench", "--runs", "0"]);
    expect(none.stderr).toMatch(/expected a whole number of at least 1/);
    expect(none.code).toBe(1);
  });
});
