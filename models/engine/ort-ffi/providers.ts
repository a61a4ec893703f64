import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import type { ProviderRequest } from "../../../bridge/contract/engine.ts";
import { BridgeError, ErrorCode } from "../../../bridge/contract/errors.ts";
import { holding, OptionArrays } from "./c-arrays.ts";
import { migraphxOptions } from "./migraphx-options.ts";
import { addressesAt, type Address } from "./native-library.ts";
import type { OrtApi } from "./ort-api.ts";
import { findDevice, listDevices, registerLibrary } from "./plugins.ts";
import type { Runtime } from "./runtime.ts";

/** What a session was told to run on. */
export interface AppendedProvider {
  /** The memory its device tensors lie in; undefined: plain host memory. */
  readonly memory?: DeviceMemoryName | Address;
}

/** A device memory of a built-in provider, as `OrtMemoryInfo` names it. */
export interface DeviceMemoryName {
  readonly name: string;
  readonly deviceId: number;
}

interface BuiltIn {
  /** As `GetAvailableProviders` spells it. */
  readonly fullName: string;
  /** Name of its device memory, where tensors can be kept there. */
  readonly memory?: string;
  /** The library it lives in, where that is not ONNX Runtime's own. */
  readonly file?: string;
  readonly append: (append: Append) => void;
}

/** One provider on its way into session options. */
interface Append {
  readonly api: OrtApi;
  /** Begins every error. */
  readonly what: string;
  readonly settings: Address;
  readonly options: Readonly<Record<string, string>>;
  readonly check: (status: Address | null) => void;
}

const code = ErrorCode.EngineProvider;

function withOptions(
  options: Readonly<Record<string, string>>,
  work: (keys: BigUint64Array, values: BigUint64Array, count: number) => void,
): void {
  const arrays = new OptionArrays(options);
  holding(arrays, () => {
    work(arrays.keys.pointers, arrays.values.pointers, arrays.keys.length);
  });
}

function providerFile(name: string): string {
  return `libonnxruntime_providers_${name}.so`;
}

/** Appended by name and key/value pairs. */
const byName =
  (spelling: string) =>
  ({ api, settings, options, check }: Append): void => {
    const append = api.functions.SessionOptionsAppendExecutionProvider;
    withOptions(options, (keys, values, count) => {
      check(append(settings, spelling, keys, values, count));
    });
  };

/** The calls of a provider whose options are an object of their own. */
const optionObjects = {
  CUDA: {
    create: "CreateCUDAProviderOptions",
    update: "UpdateCUDAProviderOptions",
    append: "SessionOptionsAppendExecutionProvider_CUDA_V2",
    release: "ReleaseCUDAProviderOptions",
  },
  TensorRT: {
    create: "CreateTensorRTProviderOptions",
    update: "UpdateTensorRTProviderOptions",
    append: "SessionOptionsAppendExecutionProvider_TensorRT_V2",
    release: "ReleaseTensorRTProviderOptions",
  },
  CANN: {
    create: "CreateCANNProviderOptions",
    update: "UpdateCANNProviderOptions",
    append: "SessionOptionsAppendExecutionProvider_CANN",
    release: "ReleaseCANNProviderOptions",
  },
} as const;

const byObject =
  (kind: keyof typeof optionObjects) =>
  ({ api, what, settings, options, check }: Append): void => {
    const { functions } = api;
    const calls = optionObjects[kind];
    const object = api.make((out) => functions[calls.create](out), code, what);
    try {
      withOptions(options, (keys, values, count) => {
        if (count > 0) check(functions[calls.update](object, keys, values, count));
      });
      check(functions[calls.append](settings, object));
    } finally {
      functions[calls.release](object);
    }
  };

/** OpenVINO has a call of its own, by key/value pairs too. */
const openVino = ({ api, settings, options, check }: Append): void => {
  const append = api.functions.SessionOptionsAppendExecutionProvider_OpenVINO_V2;
  withOptions(options, (keys, values, count) => {
    check(append(settings, keys, values, count));
  });
};

/** MIGraphX takes a struct whose layout is frozen ("don't add new fields here", onnxruntime_c_api.h). */
const migraphx = ({ api, settings, options, check }: Append): void => {
  const filled = migraphxOptions(options);
  const append = api.functions.SessionOptionsAppendExecutionProvider_MIGraphX;
  holding(filled, () => {
    check(append(settings, filled.struct));
  });
};

/** The providers that are asked for by name alone. */
const builtIns: Readonly<Record<string, BuiltIn>> = {
  cpu: { fullName: "CPUExecutionProvider", append: () => undefined },
  cuda: {
    fullName: "CUDAExecutionProvider",
    memory: "Cuda",
    file: providerFile("cuda"),
    append: byObject("CUDA"),
  },
  tensorrt: {
    fullName: "TensorrtExecutionProvider",
    memory: "Cuda",
    file: providerFile("tensorrt"),
    append: byObject("TensorRT"),
  },
  openvino: {
    fullName: "OpenVINOExecutionProvider",
    file: providerFile("openvino"),
    append: openVino,
  },
  cann: {
    fullName: "CANNExecutionProvider",
    memory: "Cann",
    file: providerFile("cann"),
    append: byObject("CANN"),
  },
  qnn: { fullName: "QNNExecutionProvider", append: byName("QNN") },
  migraphx: {
    fullName: "MIGraphXExecutionProvider",
    memory: "Hip",
    file: providerFile("migraphx"),
    append: migraphx,
  },
  webgpu: { fullName: "WebGpuExecutionProvider", memory: "WebGPU_Buf", append: byName("WebGPU") },
  xnnpack: { fullName: "XnnpackExecutionProvider", append: byName("XNNPACK") },
};

/** What a library was compiled with, by the names of `ProviderRequest` where it has one. */
export function compiledProviders(api: OrtApi): string[] {
  const list = new BigUint64Array(1);
  const count = new Int32Array(1);
  api.check(api.functions.GetAvailableProviders(list, count), code, api.library);
  const [at = 0n] = list;
  const [length = 0] = count;
  const names = addressesAt(at, length).map((name) => shortName(api.text(name)));
  api.check(api.functions.ReleaseAvailableProviders(at, length), code, api.library);
  return names;
}

function shortName(fullName: string): string {
  const found = Object.entries(builtIns).find(([, builtIn]) => builtIn.fullName === fullName);
  return found?.[0] ?? fullName;
}

/**
 * Tells session options which provider to use.
 *
 * @throws BridgeError `engine/provider` when there is none of that name, naming what there is, or
 * when it does not load, in ONNX Runtime's words.
 */
export function appendProvider(
  runtime: Runtime,
  settings: Address,
  what: string,
  request: ProviderRequest = { name: "cpu" },
): AppendedProvider {
  const { api } = runtime;
  const builtIn = request.library === undefined ? builtIns[request.name] : undefined;
  if (builtIn === undefined) return appendPlugin(runtime, settings, what, request);
  const { name, options = {} } = request;
  const provider = `${what}: provider ${name}`;
  if (!compiledProviders(api).includes(name)) throw unknownProvider(runtime, what, name);
  const check = (status: Address | null): void => {
    if (status === null) return;
    const text = `${provider}: ${api.takeText(status)}${missingFile(api, builtIn)}`;
    throw new BridgeError(code, text, { details: { library: api.library } });
  };
  builtIn.append({ api, what: provider, settings, options, check });
  if (builtIn.memory === undefined) return {};
  return { memory: { name: builtIn.memory, deviceId: Number(options["device_id"] ?? 0) } };
}

/** ONNX Runtime says of a library it cannot load little more than that. */
function missingFile({ library }: OrtApi, { file }: BuiltIn): string {
  if (file === undefined || existsSync(join(dirname(library), file))) return "";
  return `; ${file} is not beside ${library}`;
}

function appendPlugin(
  runtime: Runtime,
  settings: Address,
  what: string,
  { name, library, options = {} }: ProviderRequest,
): AppendedProvider {
  const { api, env } = runtime;
  if (library !== undefined) registerLibrary(runtime, library);
  const device = findDevice(runtime, name);
  const append = api.functions.SessionOptionsAppendExecutionProvider_V2;
  if (device === undefined || append === undefined) throw unknownProvider(runtime, what, name);
  const devices = BigUint64Array.of(device);
  withOptions(options, (keys, values, count) => {
    const status = append(settings, env, devices, 1, keys, values, count);
    api.check(status, code, `${what}: provider ${name}`);
  });
  const memory = api.functions.EpDevice_MemoryInfo?.(device, defaultMemory) ?? null;
  return memory === null ? {} : { memory };
}

/** `OrtDeviceMemoryType_DEFAULT` (onnxruntime_c_api.h): the device's own, not memory shared with the host. */
const defaultMemory = 0;

function unknownProvider(runtime: Runtime, what: string, name: string): BridgeError {
  const { api } = runtime;
  const compiled = compiledProviders(api);
  const plugins = listDevices(runtime).map((device) => shortName(device.provider));
  const has = [...new Set([...compiled, ...plugins])].join(", ");
  const text = `${what}: ${api.library} has no provider ${name}; it has ${has}`;
  return new BridgeError(code, text, { details: { provider: name, has } });
}
