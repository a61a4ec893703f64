import { readdirSync } from "node:fs";
import path from "node:path";
import { openEngine } from "../../../models/engine/open-engine.ts";
import { describePeer } from "../../peers/describe-peer.ts";
import { otherLibraries } from "../../peers/ort-library/other-libraries.ts";
import { describeEngineContract } from "./engine-contract.ts";

/** A process has one ONNX Runtime: the last one that was named and runs on this machine's libc. */
describePeer(
  "the engine contract on another ONNX Runtime library",
  otherLibraries(),
  (libraries) => {
    const libraryPath = libraries.findLast(
      (library) => !readdirSync(path.dirname(library)).some((name) => name.startsWith("ld-linux")),
    );
    if (libraryPath === undefined) return;
    describeEngineContract("ort-ffi", () => openEngine({ engine: "ort-ffi", libraryPath }));
  },
);
