import { mkdtemp, rm, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { replay } from "../../../bridge/lockstep/replay.ts";
import { readRecording } from "../../../bridge/recording/read-recording.ts";
import { RawControlClient } from "../../fakes/raw-control-client.ts";
import { ServiceProcess } from "../../setup/service-process.ts";

type Health = Readonly<Record<string, unknown>> & {
  readonly reasons: readonly string[];
  readonly device: { readonly mode: string };
};

async function healthWhere(url: string, holds: (health: Health) => boolean): Promise<Health> {
  for (let tries = 0; ; tries += 1) {
    const health = (await (await fetch(`${url}/healthz`)).json()) as Health;
    if (holds(health) || tries > 200) return health;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

describe("kairos-bridge start --fault", () => {
  it("makes them happen in every thread, and says so wherever it reports", async () => {
    const faults = ["model.nan@200ms+5600ms", "driver.timeout@6s", "joints.loss=5%"];
    const args = ["start", "--http-port", "0", ...faults.flatMap((fault) => ["--fault", fault])];
    await using service = ServiceProcess.start({ args });
    const url = await service.url();
    const warning = await service.logged("FAULTS ARE INJECTED ON PURPOSE");
    expect(warning["faults"]).toHaveLength(3);
    // In main: the model's nonsense is held; the log tells a hold every 5 s at most. In the actuation thread: the
    // device falls silent.
    await expect
      .poll(
        () => service.logLines.map((line) => `${String(line["msg"])}: ${String(line["reason"])}`),
        {
          timeout: 20_000,
        },
      )
      .toContain("no prediction: model-error");
    const health = await healthWhere(url, ({ device }) => device.mode === "fault");
    expect(health.device.mode).toBe("fault");
    expect(health["status"]).toBe("degraded");
    expect(health.reasons[0]).toMatch(
      /^faults are injected on purpose: model\.nan@200ms\+5600ms, /,
    );
    expect(await (await fetch(`${url}/metrics`)).text()).toMatch(/^kairos_injected_faults 3$/m);
  });

  it("refuses what there is not, all of it at once, before anything starts", async () => {
    const args = ["start", "--http-port", "0", "--fault", "camera.freez", "--fault", "sim.nan"];
    await using service = ServiceProcess.start({ args });
    await expect(service.url()).rejects.toThrow(
      /2 of 2 faults cannot be used[^]*no fault freez, expected delay[^]*only kairos-bridge sim/,
    );
    expect(service.child.exitCode).toBe(1);
  });

  it("is nowhere to be seen when no fault was asked for", async () => {
    await using service = ServiceProcess.start();
    const url = await service.url();
    expect(await (await fetch(`${url}/metrics`)).text()).toMatch(/^kairos_injected_faults 0$/m);
    expect(service.logLines.map((line) => line["msg"])).not.toContain(
      "FAULTS ARE INJECTED ON PURPOSE",
    );
  });
});

describe("kairos-bridge record and replay", () => {
  it("scores the recorded predictions and the replayed ones the same", async () => {
    const folder = await mkdtemp(join(tmpdir(), "kairos-record-"));
    const path = join(folder, "run.rec");
    try {
      await using service = ServiceProcess.start({ args: ["record", path, "--http-port", "0"] });
      const client = (
        await RawControlClient.open(await service.url(), "controller", "x")
      ).keepAlive();
      await client.acquire();
      for (const yaw of [0.8, -0.8, 0.8]) {
        client.command({ kind: "velocity", velRadPerS: { yaw }, ttlMs: 800, acks: "all" });
        await new Promise((resolve) => setTimeout(resolve, 700));
      }
      await service.stop();
      const recording = await readRecording(path);
      expect(recording.cutBytes).toBe(0);
      expect(recording.telemetry.count).toBeGreaterThan(500);
      expect(recording.pictures.length).toBeGreaterThan(3);
      expect(recording.predictions.length).toBeGreaterThan(10);
      expect(recording.events.map(({ event }) => (event as { kind: string }).kind)).toContain(
        "applied",
      );

      const result = await replay({ path });
      expect(result.predictions).toBeGreaterThanOrEqual(recording.predictions.length);
      for (const step of [1, 4, 8]) {
        const [now, then] = [result.score, result.recordedScore].map(
          ({ horizons }) => horizons[step - 1],
        );
        expect(then!.sampleCount).toBeGreaterThan(0);
        // One model, the same joints and plans: only pictures went through JPEG in between.
        expect(now!.modelRmseRad).toBeCloseTo(then!.modelRmseRad, 3);
        expect(now!.modelRmseRad).toBeLessThan(now!.holdRmseRad);
      }

      // As after a crash: half of the file is half of the run.
      await truncate(path, 400_000);
      const half = await replay({ path });
      expect(half.recording.cutBytes).toBeGreaterThan(0);
      expect(half.predictions).toBeGreaterThan(0);
      expect(half.predictions).toBeLessThan(result.predictions);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
