import type { Engine, EngineDevice } from "../../bridge/contract/engine.ts";
import { errorText } from "../../bridge/contract/errors.ts";
import type { Finding } from "../../bridge/contract/finding.ts";
import { describeLibrary } from "../engine/library-report.ts";
import { findLibraries, type LibraryCandidate } from "../engine/library.ts";
import { openEngine, type OpenEngineOptions } from "../engine/open-engine.ts";

/** The engine that would be used, open, and what there is to say of it. */
export interface EngineProbe {
  /** Undefined when none can be opened. The caller's to dispose. */
  readonly engine: Engine | undefined;
  readonly findings: readonly Finding[];
}

/** Opens ONNX Runtime as the service would, and tells which libraries there are and which one serves. */
export async function probeEngine(options: OpenEngineOptions): Promise<EngineProbe> {
  const { libraryPath } = options;
  const candidates = findLibraries(libraryPath === undefined ? {} : { setting: libraryPath });
  try {
    const engine = await openEngine(options);
    const { library } = engine.info;
    const others = candidates.filter((each) => each.path !== library);
    return { engine, findings: [...serving(engine), ...others.map(passedOver)] };
  } catch (error) {
    const finding: Finding = {
      level: "fail",
      subject: "library",
      text: errorText(error),
      advice:
        libraryPath === undefined
          ? "npm install onnxruntime-node, or set model.engineLibrary to a libonnxruntime.so"
          : "correct model.engineLibrary, or leave it empty for the packaged library",
    };
    return { engine: undefined, findings: [finding, ...candidates.map(passedOver)] };
  }
}

function serving(engine: Engine): Finding[] {
  const { name, version, library, librarySource, buildInfo, fallbackReasons } = engine.info;
  const text = `${version} through ${name}, ${librarySource}: ${library}`;
  const used: Finding =
    fallbackReasons.length === 0
      ? { level: "ok", subject: "library", text, details: { ...engine.info } }
      : {
          level: "warn",
          subject: "library",
          text: `${text}; not better because ${fallbackReasons.join("; ")}`,
          advice: "with ort-node there is no provider but the CPU: make the first choice load",
          details: { ...engine.info },
        };
  return [
    used,
    ...(buildInfo === ""
      ? []
      : [{ level: "ok", subject: "build", text: shortBuild(buildInfo) } as const]),
    { level: "ok", subject: "providers", text: `compiled in: ${engine.info.providers.join(", ")}` },
    ...devices(engine.devices()),
  ];
}

/** `ORT Build Info: git-branch=rel-1.30.0, git-commit-id=abc, build type=Release, cmake cxx flags: ...` */
function shortBuild(buildInfo: string): string {
  const [head = buildInfo] = buildInfo.replace(/^ORT Build Info: /, "").split(/, cmake/);
  return head;
}

function devices(found: readonly EngineDevice[]): Finding[] {
  if (found.length === 0) return [];
  const text = found
    .map(({ provider, type, vendor }) =>
      [type, vendor, `(${provider})`].filter((word) => word !== "").join(" "),
    )
    .join(", ");
  return [{ level: "ok", subject: "devices", text, details: { devices: found } }];
}

function passedOver(candidate: LibraryCandidate): Finding {
  const details = { ...candidate };
  return { level: "note", subject: "also found", text: describeLibrary(candidate), details };
}
