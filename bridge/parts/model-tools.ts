import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Engine, ProviderRequest } from "../contract/engine.ts";
import { BridgeError, ErrorCode, errorText } from "../contract/errors.ts";
import type { WorldModel } from "../contract/world-model.ts";
import { openEngine } from "../../models/engine/open-engine.ts";
import { disableTelemetry } from "../../models/engine/telemetry.ts";
import { benchPackage, type BenchReport } from "../../models/inspect/bench-package.ts";
import { goldenObservations } from "../../models/inspect/golden-observations.ts";
import { reportPackage, type PackageReport } from "../../models/inspect/package-report.ts";
import { verifyProviders, type ProviderVerdict } from "../../models/inspect/verify-providers.ts";
import { loadPackage } from "../../models/package/load-package.ts";
import { openProgram } from "../../models/programs/open-program.ts";
import { OnnxWorldModel } from "../../models/world-model.ts";
import type { Config } from "../config.ts";
import { modelFolder } from "./model.ts";

export type { BenchReport, Timing } from "../../models/inspect/bench-package.ts";
export type { PackageReport, RoleReport } from "../../models/inspect/package-report.ts";
export type { ProviderVerdict } from "../../models/inspect/verify-providers.ts";

/** A package that was found, or why it cannot be used. */
export interface ListedPackage {
  readonly path: string;
  /** `model.package` of the configuration, or the embedded one without it. */
  readonly isConfigured: boolean;
  readonly report?: PackageReport;
  readonly problem?: string;
}

/**
 * The configured package, the embedded one, and what lies in the folders: packages themselves, and
 * folders and archives directly inside them.
 */
export async function listPackages(
  config: Config,
  folders: readonly string[],
): Promise<ListedPackage[]> {
  const configured = modelFolder(config);
  const embedded = modelFolder({ ...config, model: { ...config.model, package: "" } });
  const paths = [configured, embedded, ...folders.flatMap(candidatesIn)];
  const listed: ListedPackage[] = [];
  for (const path of new Set(paths)) {
    const isConfigured = path === configured;
    try {
      const report = reportPackage(await loadPackage(path));
      listed.push({ path, isConfigured, report });
    } catch (error) {
      listed.push({ path, isConfigured, problem: errorText(error) });
    }
  }
  return listed;
}

function candidatesIn(folder: string): string[] {
  if (isPackage(folder)) return [folder];
  return readdirOf(folder)
    .sort()
    .map((name) => join(folder, name))
    .filter(isPackage);
}

const isPackage = (path: string): boolean =>
  /\.(tar\.gz|tgz|zip)$/.test(path) || readdirOf(path).includes("manifest.json");

function readdirOf(folder: string): string[] {
  try {
    return statSync(folder).isDirectory() ? readdirSync(folder) : [];
  } catch (cause) {
    const text = `${folder} cannot be read: ${errorText(cause)}`;
    throw new BridgeError(ErrorCode.ModelMissing, text, { cause });
  }
}

/** A report, and why the graphs' types and shapes are missing from it, where they are. */
export interface Inspection {
  readonly report: PackageReport;
  readonly notOpened: string | undefined;
}

/** Reads a package, and opens its graphs on the CPU to learn their types and shapes. */
export async function inspectPackage(config: Config, path: string): Promise<Inspection> {
  const pack = await loadPackage(path);
  try {
    await using engine = await configuredEngine(config);
    await using program = await openProgram(engine, pack);
    return { report: reportPackage(pack, program.sessions), notOpened: undefined };
  } catch (error) {
    return { report: reportPackage(pack), notOpened: errorText(error) };
  }
}

/** Replays the golden rollout. @param providers empty: each one the library was compiled with. */
export async function verifyModel(
  config: Config,
  path: string,
  providers: readonly ProviderRequest[],
): Promise<{ readonly report: PackageReport; readonly verdicts: readonly ProviderVerdict[] }> {
  const pack = await loadPackage(path);
  await using engine = await configuredEngine(config);
  const asked = providers.length > 0 ? providers : engine.info.providers.map((name) => ({ name }));
  return { report: reportPackage(pack), verdicts: await verifyProviders(engine, pack, asked) };
}

export interface BenchRequest {
  readonly provider?: ProviderRequest;
  readonly horizonSteps?: number;
  readonly candidateCount: number;
  readonly runs: number;
}

export async function benchModel(
  config: Config,
  path: string,
  request: BenchRequest,
): Promise<{ readonly report: PackageReport; readonly bench: BenchReport }> {
  const pack = await loadPackage(path);
  const { max } = pack.manifest.timing.horizon;
  const horizonSteps = request.horizonSteps ?? Math.min(config.model.horizonSteps, max);
  if (horizonSteps > max) {
    const text = `${pack.manifest.id} predicts at most ${max} steps, ${horizonSteps} are asked for`;
    throw new BridgeError(ErrorCode.ConfigInvalid, text);
  }
  await using engine = await configuredEngine(config);
  const bench = await benchPackage(pack, { ...request, engine, horizonSteps });
  return { report: reportPackage(pack), bench };
}

/** A package open in this thread, proved on its golden rollout. */
export interface OpenModel extends AsyncDisposable {
  readonly model: WorldModel;
  /** The golden rollout's own observations and actions. */
  readonly golden: ReturnType<typeof goldenObservations>;
}

export async function openModel(
  config: Config,
  path: string,
  provider?: ProviderRequest,
): Promise<OpenModel> {
  const pack = await loadPackage(path);
  const engine = await configuredEngine(config);
  try {
    const model = await OnnxWorldModel.open({
      engine,
      pack,
      ...(provider === undefined ? {} : { provider }),
    });
    return {
      model,
      golden: goldenObservations(pack),
      async [Symbol.asyncDispose]() {
        await model[Symbol.asyncDispose]();
        await engine[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await engine[Symbol.asyncDispose]();
    throw error;
  }
}

async function configuredEngine({ model }: Config): Promise<Engine> {
  disableTelemetry();
  return await openEngine(model.engineLibrary === "" ? {} : { libraryPath: model.engineLibrary });
}
