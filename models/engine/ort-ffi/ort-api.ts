import { BridgeError, errorText, ErrorCode } from "../../../bridge/contract/errors.ts";
import { closeLibrary, functionAt, openLibrary, textAt, type Address } from "./native-library.ts";
import { newerSlots, ortSlots, releaseSlots, type OrtFunctions, type Slot } from "./slots.ts";

/** The oldest ONNX Runtime 1.x whose table was checked against the slots, and the newest that is asked for. */
const oldestMinor = 21;
const newestApiVersion = 23;

/** ONNX Runtime's C API in one library: the functions, its version, and how its errors are read. */
export class OrtApi {
  readonly library: string;
  readonly version: string;
  /** Branch, commit and flags, as the library states them. */
  readonly buildInfo: string;
  readonly functions: OrtFunctions;

  private constructor(library: string, version: string, functions: OrtFunctions) {
    this.library = library;
    this.version = version;
    this.functions = functions;
    this.buildInfo = functions.GetBuildInfoString() ?? "";
  }

  /** @throws BridgeError `engine/library`: no such file, not ONNX Runtime, or older than 1.21. */
  static load(library: string): OrtApi {
    try {
      const base = openBase(library);
      // OrtApiBase has two members and never changes: GetApi(version), GetVersionString().
      const version = functionAt(base, 1, "text", [])() as string;
      const minor = supportedMinor(library, version);
      const apiVersion = Math.min(minor, newestApiVersion);
      const table = functionAt(base, 0, "address", ["int"])(apiVersion) as Address | null;
      if (table === null) {
        const text = `${library} is ONNX Runtime ${version} and offers no API version ${apiVersion}`;
        throw new BridgeError(ErrorCode.EngineLibrary, text);
      }
      return new OrtApi(library, version, bindSlots(table, minor, version));
    } catch (error) {
      closeLibrary(library);
      throw error;
    }
  }

  /** Throws what a status says, in ONNX Runtime's words, and releases it. */
  check(status: Address | null, code: ErrorCode, what: string): void {
    if (status === null) return;
    throw new BridgeError(code, `${what}: ${this.takeText(status)}`, {
      details: { library: this.library },
    });
  }

  /** What a status says; releases it. */
  takeText(status: Address): string {
    const text = this.functions.GetErrorMessage(status) ?? "";
    this.functions.ReleaseStatus(status);
    return text;
  }

  /** Runs a call that makes an object and returns its address, 0 where it made none. */
  make(call: (out: BigUint64Array) => Address | null, code: ErrorCode, what: string): Address {
    const out = new BigUint64Array(1);
    this.check(call(out), code, what);
    return out[0] ?? 0n;
  }

  text(address: Address): string {
    return textAt(address);
  }
}

function openBase(library: string): Address {
  let base: Address | null;
  try {
    base = openLibrary(library)("OrtGetApiBase")();
  } catch (cause) {
    const text = `${library} cannot be used as ONNX Runtime: ${errorText(cause)}`;
    throw new BridgeError(ErrorCode.EngineLibrary, text, { cause });
  }
  if (base === null) {
    throw new BridgeError(ErrorCode.EngineLibrary, `${library}: OrtGetApiBase returned nothing`);
  }
  return base;
}

/** The minor version of a `1.minor.patch` this code knows how to talk to. */
export function supportedMinor(library: string, version: string): number {
  const parts = /^1\.(\d+)\./.exec(version);
  const minor = Number(parts?.[1] ?? Number.NaN);
  if (!(minor >= oldestMinor)) {
    throw new BridgeError(
      ErrorCode.EngineLibrary,
      `${library} is ONNX Runtime ${version}, expected 1.${oldestMinor} or newer (below 2)`,
      { details: { version, oldest: `1.${oldestMinor}.0` } },
    );
  }
  return minor;
}

/**
 * Whether a library is a release rather than a snapshot on the way to one, which carries the coming
 * release's number. Releases are built from a tag (git-branch=HEAD) or a rel- branch; a source
 * archive names no branch.
 */
export function isRelease(version: string, buildInfo: string): boolean {
  const branch = /git-branch=([^,]*)/.exec(buildInfo)?.[1]?.trim() ?? "";
  return /^1\.\d+\.\d+$/.test(version) && /^(HEAD|rel-.*|v?\d.*|)$/.test(branch);
}

/**
 * Binds what this library has. Beyond its own version's slots a table ends, and reading there is a
 * crash; a snapshot on the way to a version may end anywhere between the one before and it.
 */
function bindSlots(table: Address, minor: number, version: string): OrtFunctions {
  const functions: Record<string, unknown> = {};
  const bindUpTo = (slots: Readonly<Record<string, Slot>>, newest: number): void => {
    for (const [name, slot] of Object.entries(slots)) {
      if (slot.since > newest) continue;
      functions[name] = functionAt(table, slot.index, slot.result, slot.args);
    }
  };
  bindUpTo(ortSlots, minor);
  const buildInfo = (functions as OrtFunctions).GetBuildInfoString() ?? "";
  const isReleased = isRelease(version, buildInfo);
  bindUpTo(newerSlots, isReleased ? minor : minor - 1);
  if (isReleased) bindUpTo(releaseSlots, minor);
  return functions as OrtFunctions;
}
