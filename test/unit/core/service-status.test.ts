import { describe, expect, it } from "vitest";
import {
  ActuationMode,
  ActuationStatusField,
  actuationStatusWidth,
} from "../../../bridge/contract/actuation.ts";
import { prometheusText } from "../../../bridge/core/prometheus.ts";
import { RecentQuantiles } from "../../../bridge/core/recent-quantiles.ts";
import { diagnosticEntries } from "../../../bridge/core/service-diagnostics.ts";
import { healthReport } from "../../../bridge/core/service-health.ts";
import { metricFamilies } from "../../../bridge/core/service-metrics.ts";
import type { ServiceSnapshot } from "../../../bridge/core/service-status.ts";
import { Throttle } from "../../../bridge/core/throttle.ts";

function snapshot(change: Partial<ServiceSnapshot> = {}): ServiceSnapshot {
  const actuation = new Float64Array(actuationStatusWidth);
  actuation[ActuationStatusField.mode] = ActuationMode.Active;
  actuation[ActuationStatusField.expiredCount] = 3;
  const horizon = {
    step: 8,
    aheadS: 0.32,
    modelRmseRad: 0.004,
    holdRmseRad: 0.1,
    constantVelocityRmseRad: 0.05,
    coverageRatio: 0.9,
    sampleCount: 500,
  };
  return {
    version: "1.2.3",
    uptimeS: 12.34,
    nowMs: 5000,
    deviceId: "mount0",
    deviceProfile: "phone-mount-4dof",
    driver: "sim",
    model: {
      id: "tiny",
      revision: "1",
      sha256: "ab".repeat(32),
      family: "recurrent-latent",
      license: "Apache-2.0",
      axisNames: ["yaw"],
      stepS: 0.04,
      maxHorizonSteps: 32,
      maxObservationAgeS: 0.1,
      stateTtlS: 1,
      actionConditioned: true,
      preview: "reprojection",
      engine: {
        name: "ort-node",
        library: "/lib/libonnxruntime.so",
        version: "1.30.0",
        provider: "cpu",
        fallbackReasons: ["ort-ffi: koffi is not here"],
      },
    },
    modelStatus: {
      state: "serving",
      building: { packagePath: "/models/tiny", providers: ["tensorrt"], forMs: 1200 },
      refusals: [
        {
          provider: "cuda",
          gate: "golden",
          graph: "rollout.onnx",
          found: "0.2 off",
          expected: "at most 0.001",
        },
      ],
      swapCount: 1,
      restartCount: 2,
      missedCount: 3,
      terminatedCount: 4,
      abandonedCount: 5,
      tickBudgetMs: 40,
      lastUseError: undefined,
    },
    loop: {
      predictedCount: 100,
      heldCount: 2,
      caughtUpCount: 0,
      resetCount: 0,
      lastPredictionMs: 4980,
      lateMsMax: 3,
    },
    score: { horizons: [horizon], planHeldRatio: 0.8, scale: [1], degraded: false },
    lookaheadMs: 80,
    inferMs: { p50: 1, p99: 2 },
    actuation,
    ros: undefined,
    authority: { owner: "phone", stale: false, latched: false, clientCount: 2 },
    simulator: { name: "MuJoCo", overrunCount: 0, lateMsMax: 1 },
    eventLoopDelayMsP99: 4,
    processorS: 12.5,
    residentBytes: 1e8,
    injectedFaults: [],
    agents: [],
    faults: [],
    ...change,
  };
}

describe("healthReport", () => {
  it("is ok while predictions come, and says what runs and why", () => {
    expect(healthReport(snapshot())).toMatchObject({
      status: "ok",
      reasons: [],
      provider: "cpu",
      engine: { fallbackReasons: ["ort-ffi: koffi is not here"] },
      ros: { transport: "off" },
      lastPredictionAgeMs: 20,
      device: { mode: "active" },
    });
  });

  it.each([
    { name: "old predictions", change: { nowMs: 6000 }, reason: "no recent prediction" },
    {
      name: "no prediction yet",
      change: { loop: { ...snapshot().loop, predictedCount: 0 } },
      reason: "no recent prediction",
    },
    { name: "a dead part", change: { faults: ["ros: gone"] }, reason: "ros: gone" },
    {
      name: "predictions that miss",
      change: { score: { ...snapshot().score, degraded: true } },
      reason: "predictions miss their 90 % interval",
    },
  ])("is degraded with $name, and says so in /diagnostics too", ({ change, reason }) => {
    const now = snapshot(change);
    expect(healthReport(now)).toMatchObject({ status: "degraded", reasons: [reason] });
    expect(diagnosticEntries(now).some((entry) => entry.level !== "ok")).toBe(true);
    expect(diagnosticEntries(snapshot()).every((entry) => entry.level === "ok")).toBe(true);
  });
});

it("every diagnostic name begins with the node and occurs once, as an aggregator wants it", () => {
  const faults = ["ros: gone", "camera: dark", "inference thread: not heard of for 2100 ms"];
  const entries = diagnosticEntries(snapshot({ faults, injectedFaults: ["driver.delay=5"] }));
  const names = entries.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names.every((name) => name.startsWith("kairos_bridge: "))).toBe(true);
  expect(entries.find(({ name }) => name === "kairos_bridge: fault of ros")).toMatchObject({
    level: "error",
    message: "ros: gone",
  });
});

describe("metricFamilies", () => {
  it("are valid exposition text with one TYPE per family", () => {
    const text = prometheusText(metricFamilies(snapshot()));
    const names = [...text.matchAll(/^# TYPE (\S+) (?:counter|gauge)$/gm)].map(([, name]) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const line of text.trimEnd().split("\n")) {
      expect(line).toMatch(
        /^(# (HELP|TYPE) \w+ .+|\w+(\{(\w+="[^"\n]*",?)+\})? (-?[\d.e+-]+|NaN|[+-]Inf))$/,
      );
    }
    expect(text).toContain(
      'kairos_prediction_rmse_radians{ahead_s="0.32",predictor="model"} 0.004\n',
    );
    expect(text).toContain("kairos_commands_expired_total 3\n");
  });

  it("escape what would break a label", () => {
    const samples = [{ labels: { name: 'a "quoted"\n\\ text' }, value: Number.POSITIVE_INFINITY }];
    const text = prometheusText([{ name: "x", type: "gauge", help: "h", samples }]);
    expect(text).toContain('x{name="a \\"quoted\\"\\n\\\\ text"} +Inf\n');
  });
});

describe("RecentQuantiles", () => {
  it("forget what is older than their capacity", () => {
    const quantiles = new RecentQuantiles(4);
    expect(quantiles.at(0.5)).toBeNull();
    for (const value of [100, 1, 2, 3, 4]) quantiles.add(value);
    expect([quantiles.at(0), quantiles.at(0.5), quantiles.at(0.99)]).toEqual([1, 3, 4]);
  });
});

describe("Throttle", () => {
  it("lets one through per period and counts the silent ones", () => {
    const throttle = new Throttle(100);
    expect([0, 10, 50, 100, 150].map((nowMs) => throttle.take(nowMs))).toEqual([
      0,
      undefined,
      undefined,
      2,
      undefined,
    ]);
  });
});
