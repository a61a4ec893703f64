/**
 * Stable codes of everything that can fail outside our own code. Callers and clients test codes,
 * never wording. Group = the part that met the failure.
 */
export const ErrorCode = {
  ConfigInvalid: "config/invalid",
  ConfigUnreadable: "config/unreadable",
  ControlMessage: "control/message",
  ControlTooLarge: "control/too-large",
  ControlPort: "control/port",
  DeviceProfile: "device/profile",
  DeviceTimeout: "device/timeout",
  DeviceClosed: "device/closed",
  /** No such driver, or one whose settings do not fit the device. */
  DeviceDriver: "device/driver",
  /** A serial port cannot be opened: not there, not permitted, in use, or not at this baud rate. */
  DevicePort: "device/port",
  EngineLibrary: "engine/library",
  EngineSession: "engine/session",
  EngineRun: "engine/run",
  /** The execution provider that was asked for cannot be had; another may serve. */
  EngineProvider: "engine/provider",
  /** The run was stopped from outside before it was done. */
  EngineTerminated: "engine/terminated",
  /** Tensors cannot be held on, or copied to and from, this device: keep them on the host. */
  EngineDevice: "engine/device",
  /** No rung of the provider ladder passed its gates. */
  EngineLadder: "engine/ladder",
  ModelMissing: "model/missing",
  /** A package's tar or zip cannot be read, or holds what no package may. */
  ModelArchive: "model/archive",
  ModelManifest: "model/manifest",
  ModelHash: "model/hash",
  ModelShape: "model/shape",
  ModelGolden: "model/golden",
  ModelClosed: "model/closed",
  ModelUnsupported: "model/unsupported",
  /** Nothing observed yet, or not since the state was reset: ask again after an observation. */
  ModelNotReady: "model/not-ready",
  /** The model gave a number that is not finite; nothing of that answer is used. */
  ModelOutput: "model/output",
  /** A newer request took the place of this one before it ran. */
  ModelSuperseded: "model/superseded",
  /** No answer within the tick budget. */
  ModelDeadline: "model/deadline",
  /** What follows --ros-args, a parameter file, or a name in them is not as ROS 2 has it. */
  RosArguments: "ros/arguments",
  /** A ROS service did not answer in time. */
  RosServiceTimeout: "ros/service-timeout",
  RosTransport: "ros/transport",
  RosType: "ros/type",
  /** A folder or file that holds keys, tokens or the audit log cannot be used as it is. */
  SecurityFolder: "security/folder",
  /** Another running service uses the same state folder. */
  SecurityInUse: "security/in-use",
  SimFault: "sim/fault",
  SimModel: "sim/model",
  /** A simulator in another process cannot be reached, or does not answer. */
  SimTransport: "sim/transport",
  ThreadFailed: "thread/failed",
  ThreadTimeout: "thread/timeout",
} as const;
export type ErrorCode = (typeof ErrorCode)[keyof typeof ErrorCode];

export interface BridgeErrorOptions {
  /** Numbers and names a program may want: found, expected, limit, with units in the key. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/**
 * The outside world failed. The message says what was found and what was expected, with units, and
 * starts with the code: `[model/hash] step.onnx has sha256 ab…, the manifest says cd…`.
 */
export class BridgeError extends Error {
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: BridgeErrorOptions = {}) {
    super(
      `[${code}] ${message}`,
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.name = "BridgeError";
    this.code = code;
    this.details = options.details ?? {};
  }
}

/** The text of anything that was thrown, for a log field or a message to a peer. Never a stack. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The same without the code in front, for carriers that have a field of their own for the code. */
export function textWithoutCode(error: unknown): string {
  return errorText(error).replace(/^\[[^\]]*\] /, "");
}
