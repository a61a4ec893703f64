import type { ArgumentTag, ArgumentTypes, ResultTag, ResultTypes } from "./native-library.ts";

interface Slot<R extends ResultTag, A extends readonly ArgumentTag[]> {
  readonly index: number;
  /** Minor version of ONNX Runtime 1.x whose function table first has the slot. */
  readonly since: number;
  readonly result: R;
  readonly args: A;
}

const slot =
  <R extends ResultTag>(result: R) =>
  <const A extends readonly ArgumentTag[]>(index: number, since: number, args: A): Slot<R, A> => ({
    index,
    since,
    result,
    args,
  });
const status = slot("status");
const release = slot("nothing");

/**
 * The members of `OrtApi` used here. The struct is append-only and its order is part of ONNX
 * Runtime's ABI: onnxruntime_c_api.cc asserts the index of the last member of every version (101 =
 * ReleaseCustomOpDomain in version 1, 149 = SetGlobalSpinControl in 5, 254 = GetBuildInfoString in
 * 15, 389 the last of 23). Reading beyond a table's end is a crash, so each slot carries its version;
 * slots above 389 have moved between development builds and are not used.
 */
export const ortSlots = {
  GetErrorMessage: slot("text")(2, 1, ["address"]),
  CreateEnv: status(3, 1, ["int", "text", "buffer"]),
  CreateSessionFromArray: status(8, 1, ["address", "buffer", "size", "address", "buffer"]),
  CreateSessionOptions: status(10, 1, ["buffer"]),
  SetSessionLogSeverityLevel: status(22, 1, ["address", "int"]),
  SetSessionGraphOptimizationLevel: status(23, 1, ["address", "int"]),
  SetIntraOpNumThreads: status(24, 1, ["address", "int"]),
  SetInterOpNumThreads: status(25, 1, ["address", "int"]),
  SessionGetInputCount: status(30, 1, ["address", "buffer"]),
  SessionGetOutputCount: status(31, 1, ["address", "buffer"]),
  SessionGetInputTypeInfo: status(33, 1, ["address", "size", "buffer"]),
  SessionGetOutputTypeInfo: status(34, 1, ["address", "size", "buffer"]),
  SessionGetInputName: status(36, 1, ["address", "size", "address", "buffer"]),
  SessionGetOutputName: status(37, 1, ["address", "size", "address", "buffer"]),
  CreateRunOptions: status(39, 1, ["buffer"]),
  CreateTensorWithDataAsOrtValue: status(49, 1, [
    "address",
    "buffer",
    "size",
    "buffer",
    "size",
    "int",
    "buffer",
  ]),
  CastTypeInfoToTensorInfo: status(55, 1, ["address", "buffer"]),
  GetTensorElementType: status(60, 1, ["address", "buffer"]),
  GetDimensionsCount: status(61, 1, ["address", "buffer"]),
  GetDimensions: status(62, 1, ["address", "buffer", "size"]),
  GetSymbolicDimensions: status(63, 1, ["address", "buffer", "size"]),
  CreateCpuMemoryInfo: status(69, 1, ["int", "int", "buffer"]),
  AllocatorFree: status(76, 1, ["address", "address"]),
  GetAllocatorWithDefaultOptions: status(78, 1, ["buffer"]),
  ReleaseEnv: release(92, 1, ["address"]),
  ReleaseStatus: release(93, 1, ["address"]),
  ReleaseMemoryInfo: release(94, 1, ["address"]),
  ReleaseSession: release(95, 1, ["address"]),
  ReleaseValue: release(96, 1, ["address"]),
  ReleaseRunOptions: release(97, 1, ["address"]),
  ReleaseTypeInfo: release(98, 1, ["address"]),
  ReleaseSessionOptions: release(100, 1, ["address"]),
  AddSessionConfigEntry: status(130, 5, ["address", "text", "text"]),
  RunWithBinding: status(133, 5, ["address", "address", "address"]),
  CreateIoBinding: status(134, 5, ["address", "buffer"]),
  ReleaseIoBinding: release(135, 5, ["address"]),
  BindInput: status(136, 5, ["address", "text", "address"]),
  BindOutput: status(137, 5, ["address", "text", "address"]),
} as const;

type FunctionOf<S> =
  S extends Slot<infer R, infer A>
    ? (...args: { [I in keyof A]: ArgumentTypes[A[I]] }) => ResultTypes[R]
    : never;

/** The table as typed functions. */
export type OrtFunctions = {
  readonly [N in keyof typeof ortSlots]: FunctionOf<(typeof ortSlots)[N]>;
};
