import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, dirname, join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";

type Environment = Readonly<Record<string, string | undefined>>;

/** Everything rclnodejs needs was found; it has not been imported. */
export interface RclnodejsFound {
  readonly usable: true;
  /** The module the host process imports. */
  readonly module: URL;
  /** The native binary it will load. */
  readonly binary: string;
  readonly version: string;
  readonly distribution: string;
  /** What the host will speak through, e.g. `rmw_fastrtps_cpp`. */
  readonly middleware: string;
}

/** rclnodejs must not be imported here. */
export interface RclnodejsRefused {
  readonly usable: false;
  /** What was found, for people. */
  readonly found: string;
  /** What to do about it. */
  readonly advice: string;
}

export interface RclnodejsCheckOptions {
  readonly environment: Environment;
  /** Where `node_modules` is searched from; default this file. */
  readonly searchFrom?: URL;
  /** VERSION_CODENAME of /etc/os-release, by which the package names its binaries. */
  readonly osCodename?: string;
}

const supportedMajor = 2;

/**
 * Whether rclnodejs can be imported, found out without importing it. An import without a sourced ROS 2,
 * or without a binary for it, starts a rebuild that deletes the binary that is there and blocks for
 * minutes; an unknown middleware aborts the process. So everything it would stumble over is looked at
 * first, and each refusal says what was found and what to do.
 */
export function checkRclnodejs(options: RclnodejsCheckOptions): RclnodejsFound | RclnodejsRefused {
  const { environment } = options;
  const sourced = checkSourced(environment);
  if ("usable" in sourced) return sourced;
  const middleware = checkMiddleware(environment, sourced.libraryFolders);
  if (typeof middleware !== "string") return middleware;
  const installed = checkPackage(options, sourced.distribution);
  if ("usable" in installed) return installed;
  return { usable: true, middleware, distribution: sourced.distribution, ...installed };
}

/** One line for a log, a reason or a finding. */
export function refusalText({ found, advice }: RclnodejsRefused): string {
  return `${found}; to use rclnodejs, ${advice}`;
}

function checkSourced(
  environment: Environment,
):
  { readonly distribution: string; readonly libraryFolders: readonly string[] } | RclnodejsRefused {
  const prefixes = folders(environment["AMENT_PREFIX_PATH"]);
  if (prefixes.length === 0) {
    return refused("no ROS 2 environment is sourced (AMENT_PREFIX_PATH is empty)", sourceAdvice);
  }
  const missing = prefixes.filter((prefix) => !existsSync(prefix));
  if (missing.length === prefixes.length) {
    return refused(
      `AMENT_PREFIX_PATH names ${missing.join(", ")}, which do not exist`,
      sourceAdvice,
    );
  }
  const distribution = environment["ROS_DISTRO"] ?? "";
  if (!/^[a-z]+$/.test(distribution)) {
    return refused(
      `ROS_DISTRO is "${distribution}", expected a name such as jazzy`,
      "source the distribution's setup.bash, not only a workspace built on it",
    );
  }
  const libraryFolders = folders(environment["LD_LIBRARY_PATH"]);
  if (!libraryFolders.some((folder) => existsSync(join(folder, "librcl.so")))) {
    return refused(
      `librcl.so is in none of LD_LIBRARY_PATH's ${libraryFolders.length} folders`,
      "source ROS 2's setup.bash before starting the bridge: the linker reads the variable when a process starts",
    );
  }
  return { distribution, libraryFolders };
}

const sourceAdvice =
  "source /opt/ros/<distribution>/setup.bash and start the bridge from that shell";

/** The middleware that will be loaded. One that is not there aborts the process that asks for it. */
function checkMiddleware(
  environment: Environment,
  libraryFolders: readonly string[],
): string | RclnodejsRefused {
  const present = libraryFolders.flatMap(middlewareIn);
  const presentText = present.length === 0 ? "none" : [...new Set(present)].join(", ");
  const wanted = environment["RMW_IMPLEMENTATION"] ?? "";
  if (wanted === "") {
    // rmw_implementation's own order: the default of every distribution since Humble, else what is there.
    const chosen = present.includes("rmw_fastrtps_cpp") ? "rmw_fastrtps_cpp" : present[0];
    if (chosen !== undefined) return chosen;
    return refused("no middleware library librmw_*.so is in LD_LIBRARY_PATH", installAdvice);
  }
  if (!present.includes(wanted)) {
    return refused(
      `RMW_IMPLEMENTATION is "${wanted}", but lib${wanted}.so is not in LD_LIBRARY_PATH (found: ${presentText})`,
      `install ros-<distribution>-${wanted.replaceAll("_", "-")} or unset RMW_IMPLEMENTATION`,
    );
  }
  const asserted = environment["RCL_ASSERT_RMW_ID_MATCHES"] ?? "";
  if (asserted !== "" && asserted !== wanted) {
    return refused(
      `RCL_ASSERT_RMW_ID_MATCHES is "${asserted}", RMW_IMPLEMENTATION "${wanted}": rcl aborts where they differ`,
      "unset one of the two",
    );
  }
  return wanted;
}

const installAdvice = "install ros-<distribution>-rmw-fastrtps-cpp or -rmw-cyclonedds-cpp";

/** Libraries beside the middlewares whose names look alike. */
const notMiddleware = new Set(["rmw_implementation", "rmw_dds_common", "rmw_security_common"]);

function middlewareIn(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .map((file) => /^lib(rmw_[a-z0-9_]+)\.so$/.exec(file)?.[1] ?? "")
    .filter((name) => name !== "" && !name.includes("__") && !name.endsWith("_shared_cpp"))
    .filter((name) => !notMiddleware.has(name));
}

/** Where the package is, of which version, and whether it has a binary to load. */
function checkPackage(
  { searchFrom, osCodename }: RclnodejsCheckOptions,
  distribution: string,
): { readonly module: URL; readonly binary: string; readonly version: string } | RclnodejsRefused {
  const manifestPath = resolvedManifest(searchFrom ?? new URL(import.meta.url));
  if (manifestPath === undefined) {
    return refused(
      "ROS 2 is sourced, but the package rclnodejs is not installed",
      "run npm install --no-save rclnodejs@2 in the bridge's folder, from the sourced shell",
    );
  }
  const { version, main } = readManifest(manifestPath);
  if (Number(version.split(".")[0]) !== supportedMajor) {
    return refused(
      `rclnodejs is ${version}, expected ${supportedMajor}.x`,
      "run npm install --no-save rclnodejs@2 in the bridge's folder, from the sourced shell",
    );
  }
  const folder = dirname(manifestPath);
  const binaries = binaryPaths(folder, distribution, osCodename ?? codename());
  const binary = binaries.find((path) => existsSync(path));
  if (binary === undefined) {
    return refused(
      `rclnodejs ${version} has no binary for ${distribution} on this machine (looked for ${binaries.join(", ")})`,
      "run npm rebuild rclnodejs from the sourced shell (it compiles for about two minutes)",
    );
  }
  return { module: pathToFileURL(join(folder, main)), binary, version };
}

/** As the package looks for them: a prebuilt one of exactly this system, else one compiled here. */
function binaryPaths(folder: string, distribution: string, osCodename: string): string[] {
  const { platform, arch } = process;
  const prebuilt = `${distribution}-${osCodename}-${arch}-node-rclnodejs.node`;
  return [
    join(folder, "prebuilds", `${platform}-${arch}`, prebuilt),
    join(folder, "build", "Release", "rclnodejs.node"),
  ];
}

function resolvedManifest(searchFrom: URL): string | undefined {
  try {
    return createRequire(searchFrom).resolve("rclnodejs/package.json");
  } catch {
    return undefined;
  }
}

function readManifest(path: string): { readonly version: string; readonly main: string } {
  const { version, module, main } = JSON.parse(readFileSync(path, "utf8")) as Readonly<
    Record<string, unknown>
  >;
  const entry = typeof module === "string" ? module : main;
  return {
    version: typeof version === "string" ? version : "unknown",
    main: typeof entry === "string" ? entry : "index.js",
  };
}

function codename(): string {
  try {
    const text = readFileSync("/etc/os-release", "utf8");
    return /^VERSION_CODENAME=(.*)$/m.exec(text)?.[1]?.trim() ?? "";
  } catch {
    return "";
  }
}

function folders(path: string | undefined): string[] {
  return (path ?? "").split(delimiter).filter((folder) => folder !== "");
}

function refused(found: string, advice: string): RclnodejsRefused {
  return { usable: false, found, advice };
}
