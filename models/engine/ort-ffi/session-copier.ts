import type { ProviderRequest, TensorType } from "../../../bridge/contract/engine.ts";
import { ErrorCode } from "../../../bridge/contract/errors.ts";
import { elementTypes } from "../tensors.ts";
import { createSession } from "./create-session.ts";
import type { Address } from "./native-library.ts";
import type { Runtime } from "./runtime.ts";

const code = ErrorCode.EngineDevice;

/**
 * Copies between memories where `CopyTensors` cannot: it knows the devices of plugins only, and came
 * with 1.23. A session can always: what is bound elsewhere than its provider computes is copied there
 * and back. So a graph of one Identity node on the same provider moves a tensor from anywhere to anywhere.
 */
export class SessionCopier {
  readonly #runtime: Runtime;
  readonly #provider: ProviderRequest;
  readonly #sessions = new Map<TensorType, Address>();

  constructor(runtime: Runtime, provider: ProviderRequest) {
    this.#runtime = runtime;
    this.#provider = provider;
  }

  /** @throws BridgeError `engine/device`, or what opening a session on the provider throws. */
  copy(type: TensorType, from: BigUint64Array, to: BigUint64Array): void {
    const session = this.#sessionFor(type);
    for (const [index, source] of from.entries()) this.#copyOne(session, source, to[index] ?? 0n);
  }

  release(): void {
    for (const session of this.#sessions.values()) {
      this.#runtime.api.functions.ReleaseSession(session);
    }
    this.#sessions.clear();
  }

  #sessionFor(type: TensorType): Address {
    const known = this.#sessions.get(type);
    if (known !== undefined) return known;
    const name = `copy of ${type}`;
    const options = { name, model: identityModel(type), provider: this.#provider };
    const { session } = createSession(this.#runtime, options);
    this.#sessions.set(type, session);
    return session;
  }

  #copyOne(session: Address, from: Address, to: Address): void {
    const { api } = this.#runtime;
    const { functions } = api;
    const what = `copying by ${this.#provider.name}`;
    const binding = api.make((out) => functions.CreateIoBinding(session, out), code, what);
    const options = api.make((out) => functions.CreateRunOptions(out), code, what);
    try {
      api.check(functions.BindInput(binding, "x", from), code, what);
      api.check(functions.BindOutput(binding, "y", to), code, what);
      api.check(functions.RunWithBinding(session, options, binding), code, what);
    } finally {
      functions.ReleaseRunOptions(options);
      functions.ReleaseIoBinding(binding);
    }
  }
}

/** `y = Identity(x)` of any shape, as onnx.proto3 writes it; field numbers are those of that file. */
function identityModel(type: TensorType): Uint8Array {
  const node = [...text(1, "x"), ...text(2, "y"), ...text(4, "Identity")];
  const value = (name: string): number[] => {
    const tensorType = number(1, elementTypes[type].onnx);
    return [...text(1, name), ...field(2, field(1, tensorType))];
  };
  const graph = [
    ...field(1, node),
    ...text(2, "copy"),
    ...field(11, value("x")),
    ...field(12, value("y")),
  ];
  return Uint8Array.from([...number(1, 8), ...field(7, graph), ...field(8, number(2, 14))]);
}

// Nothing here is longer than 127 bytes, so every length is one byte.
const number = (id: number, value: number): number[] => [id << 3, value];
const field = (id: number, content: readonly number[]): number[] => [
  (id << 3) | 2,
  content.length,
  ...content,
];
const text = (id: number, content: string): number[] => field(id, [...Buffer.from(content)]);
