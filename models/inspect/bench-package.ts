import { readFileSync } from "node:fs";
import process from "node:process";
import type {
  Engine,
  EngineBinding,
  EngineSession,
  ProviderRequest,
  Tensor,
  TensorSpec,
} from "../../bridge/contract/engine.ts";
import type { ModelPackage } from "../package/load-package.ts";
import { openProgram } from "../programs/open-program.ts";
import type { Program } from "../programs/program.ts";
import { concreteShape, elementCount, makeData } from "../programs/role-buffer.ts";
import { runBinding } from "../programs/wiring.ts";

export interface BenchOptions {
  readonly engine: Engine;
  readonly provider?: ProviderRequest;
  readonly horizonSteps: number;
  readonly candidateCount: number;
  /** Timed runs of each; a tenth as many go before, untimed. */
  readonly runs: number;
}

export interface Timing {
  readonly name: string;
  readonly msP50: number;
  readonly msP99: number;
  /** Bytes that go in and out of the graphs per run. */
  readonly bytesIn: number;
  readonly bytesOut: number;
}

export interface BenchReport {
  readonly provider: string;
  readonly graphs: readonly Timing[];
  /** `observe`, `predict` and the two in turn, as the loop does each step. */
  readonly program: readonly Timing[];
  readonly stateBytes: number;
  /** Threads of this process meanwhile, Node's own included; undefined off Linux. */
  readonly threadCount: number | undefined;
  readonly residentBytes: number;
}

/** Times a package on one provider: each graph by itself on zeros, then a step of the loop. */
export async function benchPackage(
  pack: ModelPackage,
  options: BenchOptions,
): Promise<BenchReport> {
  const { engine, provider } = options;
  await using program = await openProgram(engine, pack, provider === undefined ? {} : { provider });
  const graphs: Timing[] = [];
  for (const [name, session] of program.sessions) {
    graphs.push(await timeGraph(name, session, options));
  }
  const providers = [...new Set([...program.sessions.values()].map((each) => each.provider))];
  return {
    provider: providers.join("+"),
    graphs,
    program: await timeProgram(pack, program, options),
    stateBytes: program.snapshot().states.reduce((sum, { byteLength }) => sum + byteLength, 0),
    threadCount: threadCount(),
    residentBytes: process.memoryUsage.rss(),
  };
}

async function timeGraph(
  name: string,
  session: EngineSession,
  options: BenchOptions,
): Promise<Timing> {
  const inputs = zeros(name, session.inputs, options);
  const outputs = zeros(name, session.outputs, options);
  using binding: EngineBinding = session.bind(inputs, outputs);
  const times = await time(options.runs, () => runBinding(binding));
  return { name, ...times, bytesIn: bytesOf(inputs), bytesOut: bytesOf(outputs) };
}

function zeros(
  graph: string,
  specs: readonly TensorSpec[],
  { candidateCount, horizonSteps }: BenchOptions,
): Record<string, Tensor> {
  return Object.fromEntries(
    specs.map((spec) => {
      const shape = concreteShape(graph, spec, candidateCount, horizonSteps);
      return [spec.name, { data: makeData(spec.type, elementCount(shape)), shape }];
    }),
  );
}

const bytesOf = (tensors: Readonly<Record<string, Tensor>>): number =>
  Object.values(tensors).reduce((sum, { data }) => sum + data.byteLength, 0);

async function timeProgram(
  { manifest }: ModelPackage,
  program: Program,
  { candidateCount, horizonSteps, runs }: BenchOptions,
): Promise<Timing[]> {
  const { joints, proprio } = manifest.embodiment;
  const observed = new Float32Array(proprio.order.length);
  const command = new Float32Array(joints.length);
  const actions = new Float32Array(candidateCount * horizonSteps * joints.length);
  const size = { candidateCount, horizonSteps };
  const observe = async (): Promise<void> => {
    for (const stream of program.streams) stream.hasFrame = true;
    await program.observe(observed, command);
  };
  const predict = async (): Promise<void> => {
    await program.predict(actions, size);
  };
  const pictures = program.streams.reduce((sum, { tensor }) => sum + tensor.data.byteLength, 0);
  const bytesIn = observed.byteLength + command.byteLength + pictures;
  const bytesOut = 2 * candidateCount * horizonSteps * 2 * joints.length * 4;
  return [
    { name: "observe", ...(await time(runs, observe)), bytesIn, bytesOut: 0 },
    {
      name: `predict N=${candidateCount} K=${horizonSteps}`,
      ...(await time(runs, predict)),
      bytesIn: actions.byteLength,
      bytesOut,
    },
    {
      name: "tick",
      ...(await time(runs, async () => {
        await observe();
        await predict();
      })),
      bytesIn: bytesIn + actions.byteLength,
      bytesOut,
    },
  ];
}

async function time(
  runs: number,
  call: () => Promise<void>,
): Promise<Pick<Timing, "msP50" | "msP99">> {
  for (let i = 0; i < Math.ceil(runs / 10); i += 1) await call();
  const tookMs = new Float64Array(runs);
  for (let i = 0; i < runs; i += 1) {
    const startMs = performance.now();
    await call();
    tookMs[i] = performance.now() - startMs;
  }
  tookMs.sort();
  const at = (ratio: number): number => tookMs[Math.ceil(ratio * runs) - 1] ?? Number.NaN;
  return { msP50: at(0.5), msP99: at(0.99) };
}

function threadCount(): number | undefined {
  try {
    return Number(/^Threads:\s*(\d+)/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1]);
  } catch {
    return undefined;
  }
}
