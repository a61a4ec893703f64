import { readFileSync } from "node:fs";
import { parse as parseYaml } from "yaml";
import { z } from "zod";
import { BridgeError, ErrorCode, errorText } from "./contract/errors.ts";

const providerName = z.string().regex(/^[A-Za-z][A-Za-z0-9_]*$/, "the name of a provider");
const Provider = z.union([
  providerName,
  z.strictObject({
    name: providerName,
    options: z.record(z.string().min(1), z.string()).default({}),
    library: z.string().min(1).optional(),
  }),
]);

const rosName = z
  .string()
  .regex(
    /^(\/?[A-Za-z_][A-Za-z0-9_]*(\/[A-Za-z_][A-Za-z0-9_]*)*)?$/,
    "a ROS name such as /joint_states",
  );

/** The environment gives a list as `tensorrt,cpu`. */
const fromList = (value: unknown): unknown =>
  typeof value === "string" && value !== "auto" ? value.split(/[;,]/) : value;

/**
 * The whole configuration. Every option has its unit in its name and a default; a value comes from,
 * in rising order, the default, the YAML file, the environment (`http.port` is `KAIROS_HTTP_PORT`)
 * and the command line.
 */
const Config = z.strictObject({
  http: z
    .strictObject({
      /** Anything but loopback needs `security.auth: paired`. */
      host: z.string().min(1).default("127.0.0.1"),
      /** One port for the page, the WebSocket endpoints, /healthz and /metrics. 0 = any free one. */
      port: z.int().min(0).max(65535).default(8700),
      /** Sockets of each endpoint; five times as many TCP connections in all. */
      maxConnections: z.int().min(1).max(10_000).default(64),
    })
    .prefault({}),
  security: z
    .strictObject({
      /** `off`: whoever is on this machine may do everything. `paired`: everybody needs a token. */
      auth: z.enum(["off", "paired"]).default("off"),
      /** `auto`: where the server listens beyond loopback. */
      tls: z.enum(["auto", "on", "off"]).default("auto"),
      /** Keys, tokens' hashes, the audit log; empty = kairos-bridge in XDG_STATE_HOME or ~/.local/state. */
      folder: z.string().default(""),
      /** Host names and addresses people reach the server by, beside those of the machine. */
      names: z.array(z.string().regex(/^[A-Za-z0-9.:-]+$/, "a host name or address")).default([]),
      /** Web origins whose pages may open sockets, beside the server's own. */
      origins: z.array(z.url({ protocol: /^https?$/ })).default([]),
      /** Keep a chained log of who did what; with `paired` only, since without it nobody is known. */
      audit: z.boolean().default(true),
    })
    .prefault({}),
  log: z
    .strictObject({
      level: z
        .enum(["error", "warn", "info", "debug"])
        .default("info")
        .describe("what is logged; the same goes to /rosout"),
      format: z.enum(["text", "json"]).default("text"),
    })
    .prefault({}),
  device: z
    .strictObject({
      /** Name of a file in devices/profiles, or a path to one (JSON or YAML). */
      profile: z.string().min(1).default("phone-mount-4dof"),
      /**
       * `simulator`: the one of `sim.backend`; `profile`: the driver the profile names, and its
       * settings; or a driver by its name (`kairos-bridge devices list`).
       */
      driver: z
        .string()
        .regex(/^[a-z][a-z0-9-]*$/, "expected simulator, profile or the name of a driver")
        .default("simulator"),
      /** Serial port in place of the profile's, e.g. /dev/ttyUSB0; empty = the profile's. */
      port: z.string().default(""),
      /** 0 = the profile's. */
      baudRate: z.int().min(0).max(10_000_000).default(0),
      /** host:port in place of the profile's; empty = the profile's. */
      address: z.string().default(""),
      /** Further settings of the driver, over those of the profile; its README names them. */
      settings: z.record(z.string().min(1), z.unknown()).default({}),
    })
    .prefault({}),
  actuation: z
    .strictObject({
      /** Ticks per second: a divisor of the preview's 10 ms grid. */
      rateHz: z.literal([100, 200, 500]).default(200),
    })
    .prefault({}),
  model: z
    .strictObject({
      /**
       * Directory or archive of a world model package; `setpoint-follower`: the analytic model that fits any
       * device; empty = the embedded one, or that one for a device the embedded was not made for.
       */
      package: z.string().default(""),
      /** Steps predicted each tick; at most what the package was trained for. */
      horizonSteps: z.int().min(1).max(1024).default(24),
      lookaheadMs: z
        .number()
        .min(-1)
        .max(2000)
        .default(-1)
        .describe("which predicted state is published; -1 = the measured command delay"),
      /** How far ahead the predicted picture looks; limited to the horizon. */
      previewAheadMs: z.number().min(0).max(5000).default(400),
      /** A libonnxruntime.so to use instead of the one in the npm package; empty = that one. */
      engineLibrary: z.string().default(""),
      /**
       * Execution providers, best first: `auto` = tensorrt, cuda, cpu; or a list of names and of
       * { name, options, library }, options in ONNX Runtime's spelling, library that of a plugin.
       */
      providers: z
        .preprocess(fromList, z.union([z.literal("auto"), z.array(Provider).min(1)]))
        .default("auto"),
      /** Serve on cpu when no provider of the list passes its gates; false: refuse to start. */
      cpuFallback: z.boolean().default(true),
      /** Share of each graph's nodes a provider must be given to be used; 0 = at least one node. */
      minNodeShareRatio: z.number().min(0).max(1).default(0),
      /** `fp16` lets TensorRT, OpenVINO and MIGraphX compute in half precision, if the golden rollout holds. */
      precision: z.enum(["fp32", "fp16"]).default("fp32"),
      /** Record each graph once and replay it on CUDA and TensorRT. Try it on the robot first. */
      cudaGraph: z.boolean().default(false),
      /** Library of NVIDIA's CUDA plugin, for an ONNX Runtime built without CUDA; empty = none. */
      cudaPluginLibrary: z.string().default(""),
      /** Where built engines are kept; empty = kairos-bridge/engines in XDG_CACHE_HOME or ~/.cache. */
      engineCacheFolder: z.string().default(""),
      engineCacheMaxMiB: z.int().min(0).max(1_000_000).default(4096),
      /** Longest a better provider may take to build its engines, in the background. */
      buildTimeoutS: z.number().min(1).max(86_400).default(3600),
      /** What observe and predict may each take; after twice as long the run is ended. -1 = the model's step. */
      tickBudgetMs: z.number().min(-1).max(10_000).default(-1),
    })
    .prefault({}),
  ros: z
    .strictObject({
      /** `auto` takes rclnodejs where ROS 2 is sourced and it is installed, else the embedded RTPS. */
      transport: z.enum(["auto", "rclnodejs", "rtps", "off"]).default("auto"),
      /** -1 = ROS_DOMAIN_ID, else 0. */
      domainId: z.int().min(-1).max(232).default(-1),
      /** Empty = the ROS environment variables, else LOCALHOST: nothing leaves the machine. */
      discoveryRange: z.enum(["", "LOCALHOST", "SUBNET", "OFF"]).default(""),
      /** IPv4 addresses told of us although multicast does not reach them; empty = ROS_STATIC_PEERS. */
      staticPeers: z.array(z.string().min(1)).default([]),
      /** IPv4 addresses to use with SUBNET; empty = all of the machine. */
      interfaces: z.array(z.string().min(1)).default([]),
      nodeName: z
        .string()
        .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "a ROS node name: letters, digits, _")
        .default("kairos_bridge"),
      namespace: z
        .string()
        .regex(/^(\/|(\/[A-Za-z_][A-Za-z0-9_]*)+)$/, "a ROS namespace such as /kairos, or /")
        .default("/kairos"),
      /** What may also follow --ros-args: remaps, parameters, parameter files. */
      arguments: z.array(z.string()).default([]),
      autostart: z
        .boolean()
        .default(true)
        .describe("configure and activate the node at the start; false leaves it to a manager"),
      useSimTime: z.boolean().default(false).describe("stamp messages with the time on /clock"),
      publishClock: z
        .boolean()
        .default(false)
        .describe("publish the embedded simulator's time on /clock, and stamp messages with it"),
      publishPredictions: z.boolean().default(true).describe("publish what the model predicts"),
      publishFrames: z
        .boolean()
        .default(true)
        .describe("publish /tf and /tf_static; false where robot_state_publisher does"),
      maxJointStatesRateHz: z
        .number()
        .min(0)
        .max(1000)
        .default(1000)
        .describe("joint_states and /tf at most this often; 0 = never"),
    })
    .prefault({}),
  observation: z
    .strictObject({
      source: z
        .enum(["device", "ros"])
        .default("device")
        .describe("device: the driver's telemetry and camera; ros: the topics of rosInputs"),
    })
    .prefault({}),
  rosInputs: z
    .strictObject({
      /** Names beginning with / stand as they are, others lie in the node's namespace; empty = not read. */
      jointStatesTopic: rosName.default("/joint_states"),
      imageTopic: rosName.default("/camera/image_raw"),
      /** Beside or instead of the raw one; usually its name with /compressed behind it. */
      compressedImageTopic: rosName.default(""),
      /** ROS joint names in the order of the device's axes; empty = as the axes are called. */
      jointNames: z.array(z.string().min(1)).default([]),
      /** Messages older than this when they come are refused. */
      maxStampAgeMs: z.number().min(1).max(10_000).default(500),
      /** Stamps further ahead of the clock than this are refused. */
      maxStampAheadMs: z.number().min(0).max(1000).default(50),
    })
    .prefault({}),
  rosCommands: z
    .strictObject({
      /**
       * What lets ROS move the device: a call of the service `control` (`request`), that or the first
       * command while nobody holds it (`command`), nothing (`off`: the topics are not read).
       */
      acquire: z.enum(["off", "request", "command"]).default("request"),
      trajectoryTopic: rosName.min(1).default("command/joint_trajectory"),
      velocityTopic: rosName.min(1).default("command/joint_velocity"),
      /** One velocity message moves the device for so long. */
      ttlMs: z.number().min(20).max(5000).default(200),
      /** With `command`: the lease goes back after so long without a command. */
      releaseAfterMs: z.number().min(200).max(60_000).default(2000),
    })
    .prefault({}),
  /** The bridge as a MAVLink gimbal manager: devices/mavlink/README.md. */
  mavlink: z
    .strictObject({
      enabled: z.boolean().default(false),
      /** UDP address to listen on; anything but loopback needs a signing key. */
      bind: z.string().min(1).default("127.0.0.1:14555"),
      /** host:port of those who are spoken to first, e.g. a ground station at 127.0.0.1:14550. */
      peers: z.array(z.string().min(1)).max(8).default([]),
      systemId: z.int().min(1).max(255).default(1),
      /** 191 is an onboard computer. */
      componentId: z.int().min(1).max(255).default(191),
      gimbalDeviceId: z.int().min(1).max(6).default(1),
      /** One rate moves the device for so long: MAVLink has no expiry. Repeat it three times as often. */
      rateTtlMs: z.number().min(50).max(5000).default(500),
      /** Who is in control and silent for so long is so no longer; heartbeats come once a second. */
      peerTimeoutMs: z.number().min(1100).max(30_000).default(2500),
      /** Whether secondary control may send rates while the primary is quiet. */
      secondary: z.enum(["refuse", "nudge"]).default("refuse"),
      /** 64 hexadecimal digits; empty = frames are not signed. */
      signingKeyFile: z.string().default(""),
      linkId: z.int().min(0).max(255).default(1),
      /** With a key: frames without a signature are taken as well. */
      acceptUnsigned: z.boolean().default(false),
    })
    .prefault({}),
  record: z
    .strictObject({
      /** File to record into, replaced if it is there; empty = no recording. */
      path: z.string().default(""),
      /** Camera pictures: JPEG as clients see them, raw to come back to the bit (10 Hz at most), or none. */
      pictures: z.enum(["jpeg", "raw", "off"]).default("jpeg"),
    })
    .prefault({}),
  faults: z
    .strictObject({
      /** Things to make fail on purpose, as place[:axis].kind[=value[~spread]][@start][+duration]. */
      list: z.array(z.string().min(1)).default([]),
      /** Draws which samples are lost, doubled or overtaken. */
      seed: z.int().min(0).max(0xffffffff).default(1),
    })
    .prefault({}),
  sim: z
    .strictObject({
      /** `gazebo`: the world of the `gazebo` section, in a server of its own. */
      backend: z.enum(["embedded", "gazebo"]).default("embedded"),
      seed: z.int().min(0).max(0xffffffff).default(1),
      /** What is around the mount; `targets` has nothing that can be pushed and is the fastest. */
      scene: z.enum(["targets", "desk", "face", "cluttered"]).default("desk"),
      startPose: z.enum(["deployed", "stowed"]).default("deployed"),
      payloadKg: z.number().min(0.05).max(0.6).default(0.2),
      cameraWidthPx: z.int().min(32).max(640).multipleOf(4).default(160),
      cameraHeightPx: z.int().min(32).max(480).multipleOf(4).default(120),
      cameraRateHz: z.number().min(1).max(60).default(25).describe("while somebody looks"),
      idleCameraRateHz: z.number().min(0.5).max(60).default(2).describe("while nobody looks"),
    })
    .prefault({}),
  gazebo: z
    .strictObject({
      /** Decides type names and environment variables. */
      release: z.enum(["fortress", "garden", "harmonic", "ionic", "jetty"]).default("harmonic"),
      /** Empty = GZ_PARTITION (IGN_PARTITION for Fortress), else hostname:user. */
      partition: z.string().default(""),
      /** IPv4 address of the interface Gazebo is on; empty = GZ_IP or IGN_IP, else 127.0.0.1. */
      address: z.string().default(""),
      world: z.string().min(1).default("desk"),
      /** Name of the model in the world; empty = the device's id. */
      model: z.string().default(""),
      /** Empty = /model/<model>/joint_state, as in the model we write. */
      jointStateTopic: z.string().default(""),
      /** Empty = /model/<model>/camera. */
      cameraTopic: z.string().default(""),
      /** Empty = /model/<model>/joint_trajectory; used with command `trajectory`. */
      trajectoryTopic: z.string().default(""),
      /** Which controllers the model has: one per joint, or one for a trajectory of all. */
      command: z.enum(["position", "trajectory"]).default("position"),
      /** Run a world that was started paused (`gz sim` without -r). */
      resumeWorld: z.boolean().default(true),
      /** How long to wait for the world's joint states. */
      startTimeoutMs: z.int().min(1000).max(600_000).default(30_000),
    })
    .prefault({}),
});
export type Config = Readonly<z.infer<typeof Config>>;

/** Where an effective value came from. */
type Source = "default" | "file" | "environment" | "flag";

export interface LoadedConfig {
  readonly config: Config;
  /** Source of every leaf, keyed by its dotted path. */
  readonly sources: ReadonlyMap<string, Source>;
}

export interface ConfigInput {
  readonly filePath?: string;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Dotted path to value, as the command line gave them. */
  readonly flags?: Readonly<Record<string, unknown>>;
}

/** The same schema as JSON Schema, for whoever offers the options elsewhere. */
export function configJsonSchema(): unknown {
  return z.toJSONSchema(Config, { io: "output", unrepresentable: "any" });
}

type Tree = Record<string, unknown>;

const isTree = (value: unknown): value is Tree =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * Merges and checks all sources.
 *
 * @throws BridgeError `config/unreadable` if the file cannot be read or is not YAML,
 * `config/invalid` naming every wrong key and value at once.
 */
export function loadConfig(input: ConfigInput = {}): LoadedConfig {
  const sources = new Map<string, Source>();
  const merged = input.filePath === undefined ? {} : readYaml(input.filePath);
  for (const path of leafPaths(merged)) sources.set(path, "file");
  const defaults = Config.parse({});
  for (const path of leafPaths(defaults)) {
    const text = input.environment?.[environmentName(path)];
    if (text === undefined || text === "") continue;
    setLeaf(merged, path, fromText(text, getLeaf(defaults, path)));
    sources.set(path, "environment");
  }
  for (const [path, value] of Object.entries(input.flags ?? {})) {
    if (value === undefined) continue;
    setLeaf(merged, path, value);
    sources.set(path, "flag");
  }
  const result = Config.safeParse(merged);
  if (!result.success) {
    const where = input.filePath ?? "the configuration";
    throw new BridgeError(
      ErrorCode.ConfigInvalid,
      `${where} has ${result.error.issues.length} problem(s):\n${describeIssues(result.error, merged)}`,
      { details: { issues: result.error.issues } },
    );
  }
  for (const path of leafPaths(result.data)) if (!sources.has(path)) sources.set(path, "default");
  return { config: result.data, sources };
}

/** One line per leaf: path, value, source. What `kairos-bridge config print` shows. */
export function describeConfig(loaded: LoadedConfig): string {
  return leafPaths(loaded.config)
    .map((path) => {
      const value = JSON.stringify(getLeaf(loaded.config, path));
      return `${path}: ${value}  # ${loaded.sources.get(path) ?? "default"}, ${environmentName(path)}`;
    })
    .join("\n");
}

function describeIssues(error: z.ZodError, found: Tree): string {
  return error.issues
    .map((issue) => {
      const path = issue.path.map(String).join(".");
      const value = path === "" ? undefined : getLeaf(found, path);
      const shown = value === undefined || isTree(value) ? "" : ` (found ${JSON.stringify(value)})`;
      return `  ${path === "" ? "top level" : path}: ${issue.message}${shown}`;
    })
    .join("\n");
}

function readYaml(filePath: string): Tree {
  let text: string;
  try {
    text = readFileSync(filePath, "utf8");
  } catch (error) {
    throw new BridgeError(ErrorCode.ConfigUnreadable, `${filePath}: ${errorText(error)}`, {
      cause: error,
    });
  }
  let parsed: unknown;
  try {
    parsed = parseYaml(text);
  } catch (error) {
    throw new BridgeError(
      ErrorCode.ConfigUnreadable,
      `${filePath} is not YAML: ${errorText(error)}`,
      { cause: error },
    );
  }
  if (parsed === null || parsed === undefined) return {};
  if (!isTree(parsed)) {
    throw new BridgeError(
      ErrorCode.ConfigUnreadable,
      `${filePath} holds ${Array.isArray(parsed) ? "a list" : typeof parsed}, expected keys such as http:`,
    );
  }
  return parsed;
}

/** `model.horizonSteps` is KAIROS_MODEL_HORIZON_STEPS. */
function environmentName(path: string): string {
  const snake = path.replace(/([a-z0-9])([A-Z])/g, "$1_$2").replaceAll(".", "_");
  return `KAIROS_${snake.toUpperCase()}`;
}

/** Text of the environment in the type of the option's default; left as text if it does not fit. */
function fromText(text: string, sample: unknown): unknown {
  if (typeof sample === "number") {
    const value = Number(text);
    return Number.isNaN(value) ? text : value;
  }
  if (typeof sample === "boolean") return { true: true, false: false }[text] ?? text;
  if (Array.isArray(sample)) return text.split(/[;,]/).filter((item) => item !== "");
  return text;
}

function leafPaths(tree: Tree, prefix = ""): string[] {
  return Object.entries(tree).flatMap(([key, value]) =>
    isTree(value) ? leafPaths(value, `${prefix}${key}.`) : [`${prefix}${key}`],
  );
}

function getLeaf(tree: Tree, path: string): unknown {
  return path
    .split(".")
    .reduce<unknown>((node, key) => (isTree(node) ? node[key] : undefined), tree);
}

function setLeaf(tree: Tree, path: string, value: unknown): void {
  const keys = path.split(".");
  const last = keys.pop();
  if (last === undefined) return;
  let node = tree;
  for (const key of keys) {
    const next = node[key];
    if (isTree(next)) node = next;
    else node = node[key] = {};
  }
  node[last] = value;
}
