import type { Address } from "./native-library.ts";
import type { OrtApi } from "./ort-api.ts";

/** ONNX Runtime in a library, and what every session of an engine shares. */
export interface Runtime {
  readonly api: OrtApi;
  /** The process has one environment per library; every engine's is counted on it. */
  readonly env: Address;
  /** `OrtMemoryInfo` of plain host memory. */
  readonly cpuMemory: Address;
  /** The default allocator of host memory: names and texts the runtime hands out are freed with it. */
  readonly allocator: Address;
}
