import { BridgeError, ErrorCode } from "../../../bridge/contract/errors.ts";
import { addressOf } from "./native-library.ts";

/** `OrtMIGraphXProviderOptions` on a 64-bit machine: where each member lies and what it is. */
const members: Readonly<
  Record<string, readonly [offset: number, "int" | "text" | "bool" | "size"]>
> = {
  device_id: [0, "int"],
  migraphx_fp16_enable: [4, "int"],
  migraphx_fp8_enable: [8, "int"],
  migraphx_int8_enable: [12, "int"],
  migraphx_use_native_calibration_table: [16, "int"],
  migraphx_int8_calibration_table_name: [24, "text"],
  migraphx_save_compiled_model: [32, "int"],
  migraphx_save_model_path: [40, "text"],
  migraphx_load_compiled_model: [48, "int"],
  migraphx_load_model_path: [56, "text"],
  migraphx_exhaustive_tune: [64, "bool"],
  migraphx_mem_limit: [72, "size"],
  migraphx_arena_extend_strategy: [80, "int"],
};
const structBytes = 88;

/**
 * The struct for key/value pairs, and the texts it points to.
 *
 * @throws BridgeError `engine/provider` for a key it has no member for.
 */
export function migraphxOptions(options: Readonly<Record<string, string>>): {
  readonly struct: Uint8Array;
  readonly texts: readonly Uint8Array[];
} {
  const struct = new Uint8Array(structBytes);
  const view = new DataView(struct.buffer);
  const texts: Uint8Array[] = [];
  // No limit, as the struct's documentation says of its default; all others default to zero.
  const all = { migraphx_mem_limit: String(2n ** 64n - 1n), ...options };
  for (const [key, value] of Object.entries(all)) {
    const [offset, kind] = members[key] ?? unknownKey(key);
    if (kind === "text") {
      const text = Uint8Array.from(Buffer.from(`${value}\0`));
      texts.push(text);
      view.setBigUint64(offset, addressOf(text), true);
    } else if (kind === "size") view.setBigUint64(offset, BigInt(value), true);
    else if (kind === "bool") view.setUint8(offset, Number(value));
    else view.setInt32(offset, Number(value), true);
  }
  return { struct, texts };
}

function unknownKey(key: string): never {
  const expected = Object.keys(members).join(", ");
  const text = `provider migraphx has no option ${key}, expected ${expected}`;
  throw new BridgeError(ErrorCode.EngineProvider, text);
}
