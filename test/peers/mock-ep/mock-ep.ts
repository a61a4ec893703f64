import path from "node:path";
import { openLibrary } from "../../../models/engine/ort-ffi/native-library.ts";
import { built, type Peer } from "../build.ts";

/** The names under which the library offers its providers to ONNX Runtime. */
export const mockProvider = {
  /** Tensors live in memory of its own; every byte across is counted. */
  device: "MockEP",
  /** The same kernels on host memory. */
  host: "MockHostEP",
} as const;

/** Where a session on the provider is told to fail: its option `fail`. */
export type MockFailure = "create" | "compile" | "compute" | "numerics" | "deadline" | "hang";

export interface MockEpLibraries {
  readonly library: string;
  /** Refuses to make a provider when it is registered. */
  readonly failingAtLoad: string;
}

/** Builds the plugin provider once per state of its source. */
export async function mockEpLibrary(): Promise<Peer<MockEpLibraries>> {
  const folder = await built("mock-ep", {
    tools: [{ file: "/usr/bin/cc", debianPackage: "gcc" }],
    script: `
      compile="cc $FLAGS -Wextra -std=c11 -fPIC -shared -fvisibility=hidden $PEERS/mock-ep/mock-ep.c"
      $compile -o libmock-ep.so
      $compile -DMOCK_EP_FAILS_AT_LOAD -o libmock-ep-failing-at-load.so`,
  });
  if (folder.missing !== undefined) return folder;
  return {
    programs: {
      library: path.join(folder.programs, "libmock-ep.so"),
      failingAtLoad: path.join(folder.programs, "libmock-ep-failing-at-load.so"),
    },
  };
}

const counterSymbols = {
  bytesToDevice: "kairos_mock_ep_bytes_to_device",
  bytesFromDevice: "kairos_mock_ep_bytes_from_device",
  bytesOnDevice: "kairos_mock_ep_bytes_on_device",
  bytesAllocated: "kairos_mock_ep_bytes_allocated",
  computedNodes: "kairos_mock_ep_computed_nodes",
  compiledNodes: "kairos_mock_ep_compiled_nodes",
  openProviders: "kairos_mock_ep_open_providers",
} as const;
export type MockEpCounters = Readonly<Record<keyof typeof counterSymbols, number>>;

/** What the provider has done in this process since it was loaded, whatever thread it ran in. */
export function readMockEpCounters(library: string): MockEpCounters {
  const symbol = openLibrary(library);
  const entries = Object.entries(counterSymbols).map(([name, exported]) => [
    name,
    // The binding only knows functions that give addresses; a 64-bit count comes back the same way.
    Number(symbol(exported)() ?? 0n),
  ]);
  return Object.fromEntries(entries) as MockEpCounters;
}

/** Lets every node that hangs finish, for the rest of the process. */
export function endMockEpHangs(library: string): void {
  openLibrary(library)("kairos_mock_ep_end_hangs")();
}
