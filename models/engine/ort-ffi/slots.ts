import type { ArgumentTag, ArgumentTypes, ResultTag, ResultTypes } from "./native-library.ts";

export interface Slot<
  R extends ResultTag = ResultTag,
  A extends readonly ArgumentTag[] = readonly ArgumentTag[],
> {
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
const number = slot("int");
const text = slot("text");
const address = slot("address");

/**
 * The members of `OrtApi` used here. The struct is append-only and its order is part of ONNX
 * Runtime's ABI: onnxruntime_c_api.cc asserts the index of every version's last member (101 =
 * ReleaseCustomOpDomain in version 1, 149 = SetGlobalSpinControl in 5, 254 = GetBuildInfoString in
 * 15, 389 the last of 23). Reading beyond a table's end is a crash, so each slot carries its version.
 * `test/peers/ort-library/slot-checker.ts` holds this table against a header.
 */
export const ortSlots = {
  GetErrorMessage: text(2, 1, ["address"]),
  CreateEnv: status(3, 1, ["int", "text", "memory"]),
  CreateSessionFromArray: status(8, 1, ["address", "memory", "size", "address", "memory"]),
  CreateSessionOptions: status(10, 1, ["memory"]),
  EnableProfiling: status(14, 1, ["address", "text"]),
  SetSessionLogSeverityLevel: status(22, 1, ["address", "int"]),
  SetSessionGraphOptimizationLevel: status(23, 1, ["address", "int"]),
  SetIntraOpNumThreads: status(24, 1, ["address", "int"]),
  SetInterOpNumThreads: status(25, 1, ["address", "int"]),
  SessionGetInputCount: status(30, 1, ["address", "memory"]),
  SessionGetOutputCount: status(31, 1, ["address", "memory"]),
  SessionGetInputTypeInfo: status(33, 1, ["address", "size", "memory"]),
  SessionGetOutputTypeInfo: status(34, 1, ["address", "size", "memory"]),
  SessionGetInputName: status(36, 1, ["address", "size", "address", "memory"]),
  SessionGetOutputName: status(37, 1, ["address", "size", "address", "memory"]),
  CreateRunOptions: status(39, 1, ["memory"]),
  RunOptionsSetTerminate: status(46, 1, ["address"]),
  RunOptionsUnsetTerminate: status(47, 1, ["address"]),
  CreateTensorAsOrtValue: status(48, 1, ["address", "memory", "size", "int", "memory"]),
  CreateTensorWithDataAsOrtValue: status(49, 1, [
    "address",
    "memory",
    "size",
    "memory",
    "size",
    "int",
    "memory",
  ]),
  GetTensorMutableData: status(51, 1, ["address", "memory"]),
  CastTypeInfoToTensorInfo: status(55, 1, ["address", "memory"]),
  GetTensorElementType: status(60, 1, ["address", "memory"]),
  GetDimensionsCount: status(61, 1, ["address", "memory"]),
  GetDimensions: status(62, 1, ["address", "memory", "size"]),
  GetSymbolicDimensions: status(63, 1, ["address", "memory", "size"]),
  CreateMemoryInfo: status(68, 1, ["text", "int", "int", "int", "memory"]),
  CreateCpuMemoryInfo: status(69, 1, ["int", "int", "memory"]),
  MemoryInfoGetName: status(71, 1, ["address", "memory"]),
  AllocatorFree: status(76, 1, ["address", "address"]),
  GetAllocatorWithDefaultOptions: status(78, 1, ["memory"]),
  ReleaseEnv: release(92, 1, ["address"]),
  ReleaseStatus: release(93, 1, ["address"]),
  ReleaseMemoryInfo: release(94, 1, ["address"]),
  ReleaseSession: release(95, 1, ["address"]),
  ReleaseValue: release(96, 1, ["address"]),
  ReleaseRunOptions: release(97, 1, ["address"]),
  ReleaseTypeInfo: release(98, 1, ["address"]),
  ReleaseSessionOptions: release(100, 1, ["address"]),
  SessionEndProfiling: status(110, 2, ["address", "address", "memory"]),
  GetAvailableProviders: status(125, 4, ["memory", "memory"]),
  ReleaseAvailableProviders: status(126, 4, ["address", "int"]),
  AddSessionConfigEntry: status(130, 5, ["address", "text", "text"]),
  CreateAllocator: status(131, 5, ["address", "address", "memory"]),
  ReleaseAllocator: release(132, 5, ["address"]),
  RunWithBinding: status(133, 5, ["address", "address", "address"]),
  CreateIoBinding: status(134, 5, ["address", "memory"]),
  ReleaseIoBinding: release(135, 5, ["address"]),
  BindInput: status(136, 5, ["address", "text", "address"]),
  BindOutput: status(137, 5, ["address", "text", "address"]),
  AddRunConfigEntry: status(165, 8, ["address", "text", "text"]),
  SessionOptionsAppendExecutionProvider_TensorRT_V2: status(170, 9, ["address", "address"]),
  CreateTensorRTProviderOptions: status(171, 9, ["memory"]),
  UpdateTensorRTProviderOptions: status(172, 9, ["address", "memory", "memory", "size"]),
  ReleaseTensorRTProviderOptions: release(174, 9, ["address"]),
  SessionOptionsAppendExecutionProvider_CUDA_V2: status(204, 11, ["address", "address"]),
  CreateCUDAProviderOptions: status(205, 11, ["memory"]),
  UpdateCUDAProviderOptions: status(206, 11, ["address", "memory", "memory", "size"]),
  ReleaseCUDAProviderOptions: release(208, 11, ["address"]),
  SessionOptionsAppendExecutionProvider_MIGraphX: status(209, 11, ["address", "memory"]),
  SessionOptionsAppendExecutionProvider: status(216, 12, [
    "address",
    "text",
    "memory",
    "memory",
    "size",
  ]),
  SessionOptionsAppendExecutionProvider_CANN: status(220, 13, ["address", "address"]),
  CreateCANNProviderOptions: status(221, 13, ["memory"]),
  UpdateCANNProviderOptions: status(222, 13, ["address", "memory", "memory", "size"]),
  ReleaseCANNProviderOptions: release(224, 13, ["address"]),
  GetBuildInfoString: text(254, 15, []),
  SessionOptionsAppendExecutionProvider_OpenVINO_V2: status(275, 17, [
    "address",
    "memory",
    "memory",
    "size",
  ]),
  AddExternalInitializersFromFilesInMemory: status(279, 18, [
    "address",
    "memory",
    "memory",
    "memory",
    "size",
  ]),
} as const;

/** Slots that newer libraries have: absent (undefined) on an older one. */
export const newerSlots = {
  RegisterExecutionProviderLibrary: status(301, 22, ["address", "text", "text"]),
  GetEpDevices: status(303, 22, ["address", "memory", "memory"]),
  SessionOptionsAppendExecutionProvider_V2: status(304, 22, [
    "address",
    "address",
    "memory",
    "size",
    "memory",
    "memory",
    "size",
  ]),
  HardwareDevice_Type: number(307, 22, ["address"]),
  HardwareDevice_Vendor: text(309, 22, ["address"]),
  EpDevice_EpName: text(312, 22, ["address"]),
  EpDevice_EpVendor: text(313, 22, ["address"]),
  EpDevice_Device: address(316, 22, ["address"]),
  EpDevice_MemoryInfo: address(374, 23, ["address", "int"]),
  CopyTensors: status(386, 23, ["address", "memory", "memory", "address", "size"]),
} as const;

/**
 * Slots beyond 389: development builds have laid them out otherwise than the release that followed,
 * so they are used on releases only, from the first one whose header was checked.
 */
export const releaseSlots = {
  Session_GetEpGraphAssignmentInfo: status(407, 30, ["address", "memory", "memory"]),
  EpAssignedSubgraph_GetEpName: status(408, 30, ["address", "memory"]),
  EpAssignedSubgraph_GetNodes: status(409, 30, ["address", "memory", "memory"]),
} as const;

/** [API version, index of its last slot], as onnxruntime_c_api.cc asserts them; not of every version. */
export const lastSlots: readonly (readonly [number, number])[] = [
  [1, 101],
  [2, 118],
  [3, 124],
  [4, 126],
  [5, 149],
  [6, 157],
  [7, 161],
  [8, 169],
  [9, 191],
  [10, 203],
  [11, 209],
  [12, 218],
  [13, 224],
  [14, 238],
  [15, 254],
  [16, 265],
  [17, 275],
  [18, 279],
  [20, 284],
  [22, 317],
  [23, 389],
];

type FunctionOf<S> =
  S extends Slot<infer R, infer A>
    ? (...args: { [I in keyof A]: ArgumentTypes[A[I]] }) => ResultTypes[R]
    : never;
type FunctionsOf<T> = { readonly [N in keyof T]: FunctionOf<T[N]> };

/** The table as typed functions. */
export type OrtFunctions = FunctionsOf<typeof ortSlots> &
  Partial<FunctionsOf<typeof newerSlots & typeof releaseSlots>>;
