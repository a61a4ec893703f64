import { readFileSync, writeSync } from "node:fs";
import process from "node:process";
import { BridgeError } from "../../bridge/contract/errors.ts";
import { openEngine } from "../../models/engine/open-engine.ts";
import { externalGraph, longGraph } from "./engine-graphs.ts";
import { onnxModel } from "./onnx-writer.ts";
import { observeGraph } from "./tiny-package.ts";

/**
 * `session-fuzzer.js FIRST LAST GRAPH...`: opens a session on damaged copies of graphs, case by case,
 * and writes `N begin`, then `N session`, `N CODE` or `N other TEXT`. Case numbers decide the damage.
 */
const [first = "0", last = "0", ...files] = process.argv.slice(2);
const graphs: Uint8Array[] = [
  onnxModel(observeGraph),
  onnxModel(longGraph),
  onnxModel(externalGraph),
  ...files.map((file) => readFileSync(file)),
];
const engine = await openEngine({ engine: "ort-ffi" });
for (let number = Number(first); number < Number(last); number += 1) await tryCase(number);
process.exit(0);

async function tryCase(number: number): Promise<void> {
  // Written at once: what stands there when the process dies is the case that did it.
  writeSync(1, `${number} begin\n`);
  const model = damaged(graphs[number % graphs.length] ?? new Uint8Array(), random(number));
  try {
    const session = await engine.openSession({ name: "fuzzed.onnx", model });
    await session[Symbol.asyncDispose]();
    writeSync(1, `${number} session\n`);
  } catch (error) {
    const isClear = error instanceof BridgeError && /fuzzed\.onnx.*: ./s.test(error.message);
    writeSync(1, isClear ? `${number} ${error.code}\n` : `${number} other ${String(error)}\n`);
  }
}

/** Cut short, bits flipped, bytes replaced, a piece repeated or left out: one of them, seldom two. */
function damaged(graph: Uint8Array, next: () => number): Uint8Array {
  const below = (limit: number): number => Math.floor(next() * limit);
  const copy = Uint8Array.from(graph);
  const at = below(copy.length);
  switch (below(5)) {
    case 0:
      return copy.subarray(0, at);
    case 1: {
      for (let flips = 1 + below(8); flips > 0; flips -= 1) {
        const index = below(copy.length);
        copy[index] = (copy[index] ?? 0) ^ (1 << below(8));
      }
      return copy;
    }
    case 2: {
      copy.fill(below(256), at, at + 1 + below(16));
      return copy;
    }
    case 3: {
      const piece = copy.subarray(at, at + 1 + below(64));
      return Buffer.concat([copy.subarray(0, at), piece, copy.subarray(at)]);
    }
    default:
      return Buffer.concat([copy.subarray(0, at), copy.subarray(at + 1 + below(64))]);
  }
}

/** Mulberry32: small, and the same everywhere. */
function random(seed: number): () => number {
  let state = Math.imul(seed + 1, 0x9e3779b9);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
