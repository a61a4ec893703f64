import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type {
  BindOptions,
  Engine,
  EngineSession,
  NodeAssignment,
  SessionOptions,
} from "../../../../bridge/contract/engine.ts";
import { BridgeError, ErrorCode } from "../../../../bridge/contract/errors.ts";
import { climbLadder, type ClimbOptions } from "../../../../models/ladder/climb-ladder.ts";
import type { PackageHints } from "../../../../models/ladder/package-hints.ts";
import { cpuRung, type LadderPlan, type Rung } from "../../../../models/ladder/rung.ts";
import { ScriptedModel } from "../../../fakes/scripted-model.ts";

/** What sessions and bindings were asked for, and whose are still open. */
interface Seen {
  readonly sessions: SessionOptions[];
  readonly bindings: (BindOptions | undefined)[];
  openCount: number;
}

function scriptedEngine(seen: Seen, missing: readonly string[] = []): Engine {
  const openSession = (options: SessionOptions): Promise<EngineSession> => {
    const provider = options.provider?.name ?? "cpu";
    if (missing.includes(provider)) {
      return Promise.reject(new BridgeError(ErrorCode.EngineProvider, `no provider ${provider}`));
    }
    seen.sessions.push(options);
    seen.openCount += 1;
    const assignment: NodeAssignment[] = [
      { provider: provider === "tensorrt" ? "TensorrtExecutionProvider" : provider, nodeCount: 7 },
    ];
    const session = {
      provider,
      assignment,
      terminateHandle: BigInt(seen.sessions.length),
      bind: (_in: unknown, _out: unknown, bound?: BindOptions) => {
        seen.bindings.push(bound);
        return {};
      },
      [Symbol.asyncDispose]: () => {
        seen.openCount -= 1;
        return Promise.resolve();
      },
    };
    return Promise.resolve(session as unknown as EngineSession);
  };
  return { info: { version: "1.30.0" }, openSession } as unknown as Engine;
}

const rungOf = (name: string, asked: Rung["asked"] = "user"): Rung => ({
  request: { name },
  asked,
  precision: "fp16",
  minNodeShare: 0,
});
let cache = "";
beforeAll(async () => {
  cache = await mkdtemp(join(tmpdir(), "kairos-ladder-"));
});
afterAll(async () => {
  await rm(cache, { recursive: true });
});

function options(
  rungs: readonly Rung[],
  change: {
    readonly missing?: readonly string[];
    readonly hints?: PackageHints;
    readonly plan?: Partial<LadderPlan>;
    readonly breaks?: (rung: Rung) => BridgeError | undefined;
  } = {},
): ClimbOptions<ScriptedModel> & { readonly seen: Seen; readonly handles: bigint[] } {
  const seen: Seen = { sessions: [], bindings: [], openCount: 0 };
  const handles: bigint[] = [];
  return {
    seen,
    handles,
    engine: scriptedEngine(seen, change.missing),
    plan: {
      rungs,
      tickBudgetMs: 1000,
      horizonSteps: 2,
      lastMayBeLate: true,
      cudaGraph: false,
      engineCache: { folder: "", maxBytes: 1e9 },
      ...change.plan,
    },
    modelSha256: "ab".repeat(32),
    hints: change.hints ?? {},
    sessionsOn: ({ request }) => [{ name: "step.onnx", provider: request }],
    nvidia: () => ({ gpuName: "Thor", tensorrtVersion: "10.16.1" }),
    open: async (engine, rung) => {
      const ask = { model: new Uint8Array(), provider: rung.request };
      const session = await engine.openSession({ ...ask, name: "step.onnx" });
      session.bind({}, {}, { graphId: 1 });
      session.bind({}, {});
      await engine.openSession({ model: new Uint8Array(), name: "decode.onnx" });
      const failure = change.breaks?.(rung);
      if (failure !== undefined) throw failure;
      return new ScriptedModel({ provider: rung.request.name });
    },
    onRung: () => undefined,
    onTerminateHandle: (handle) => handles.push(handle),
  };
}

describe("climbing", () => {
  test("hands TensorRT its precision, cache and capture, and gives main the runs to end", async () => {
    const asked = options([rungOf("tensorrt"), cpuRung], {
      plan: { cudaGraph: true, engineCache: { folder: cache, maxBytes: 1e9 } },
    });
    await using climbed = await climbLadder(asked);
    expect(climbed.provider).toBe("tensorrt");
    const given = asked.seen.sessions[0]?.provider?.options ?? {};
    const path = given["trt_engine_cache_path"] ?? "";
    expect(path.startsWith(`${cache}/abababababab-`)).toBe(true);
    expect(existsSync(join(path, "engine-cache.json"))).toBe(true);
    expect(given).toEqual({
      trt_engine_cache_enable: "1",
      trt_engine_cache_path: path,
      trt_engine_cache_prefix: "step",
      trt_timing_cache_enable: "1",
      trt_timing_cache_path: path,
      trt_fp16_enable: "1",
      trt_cuda_graph_enable: "1",
    });
    // A graph the package leaves on cpu stays there, and does not count.
    expect(asked.seen.sessions[1]?.provider).toBeUndefined();
    expect(asked.seen.bindings).toEqual([{ graphId: 1 }, { graphId: -1 }]);
    expect(asked.handles).toEqual([1n, 2n]);
  });

  test("binds without numbers when nothing is captured", async () => {
    const asked = options([rungOf("cuda")]);
    await using climbed = await climbLadder(asked);
    expect(climbed.provider).toBe("cuda");
    expect(asked.seen.bindings).toEqual([{ graphId: 1 }, undefined]);
  });

  test("falls rung by rung, closes what each had opened, and keeps each reason", async () => {
    const asked = options([rungOf("tensorrt"), rungOf("cuda"), cpuRung], {
      missing: ["tensorrt"],
      breaks: ({ request }) =>
        request.name === "cuda"
          ? new BridgeError(ErrorCode.ModelGolden, "mean at step 1 is 2, expected 1")
          : undefined,
    });
    const climbed = await climbLadder(asked);
    expect(climbed.provider).toBe("cpu");
    expect(climbed.refusals).toMatchObject([
      { provider: "tensorrt", gate: "loads", graph: "step.onnx" },
      { provider: "cuda", gate: "golden", found: expect.stringContaining("expected 1") as string },
    ]);
    expect(asked.seen.openCount).toBe(2);
    await climbed[Symbol.asyncDispose]();
    expect(asked.seen.openCount).toBe(0);
  });

  test("does not try by itself what the package does not name; what the user names it does", async () => {
    const hints = { providers: ["CUDAExecutionProvider", "cpu"] };
    const unasked = await climbLadder(options([rungOf("tensorrt", "auto"), cpuRung], { hints }));
    expect(unasked.refusals).toMatchObject([{ provider: "tensorrt", gate: "package" }]);
    const asked = await climbLadder(options([rungOf("tensorrt"), cpuRung], { hints }));
    expect(asked.provider).toBe("tensorrt");
  });

  test("ends at once with the error of a package that is wrong in itself", async () => {
    const breaks = (): BridgeError => new BridgeError(ErrorCode.ModelUnsupported, "other joints");
    const asked = options([rungOf("cuda"), cpuRung], { breaks });
    await expect(climbLadder(asked)).rejects.toThrow(/other joints/);
    expect(asked.seen.sessions).toHaveLength(2);
    expect(asked.seen.openCount).toBe(0);
  });

  test("says all reasons when nothing passes", async () => {
    const asked = options([rungOf("tensorrt"), rungOf("cuda")], { missing: ["tensorrt", "cuda"] });
    const failure = climbLadder(asked);
    await expect(failure).rejects.toMatchObject({ code: "engine/ladder" });
    await expect(failure).rejects.toThrow(/tensorrt: loads.*; cuda: loads/);
  });

  test("lets a late last rung in with its reason where nothing else would serve, and else not", async () => {
    const late = { tickBudgetMs: 0 };
    const served = await climbLadder(options([cpuRung], { plan: late }));
    expect(served.refusals).toMatchObject([{ provider: "cpu", gate: "deadline" }]);
    const strict = options([cpuRung], { plan: { ...late, lastMayBeLate: false } });
    await expect(climbLadder(strict)).rejects.toThrow(/cpu: deadline/);
  });
});
