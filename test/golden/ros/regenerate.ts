import { writeFile } from "node:fs/promises";
import { buildCyclonePeer } from "../../peers/build.ts";
import { dumpCyclone } from "./cyclone-dump.ts";

// Run from the repository root after a build: node dist/test/golden/ros/regenerate.js
const cyclone = await buildCyclonePeer();
if (cyclone.missing !== undefined) throw new Error(cyclone.missing);
const lines = (await dumpCyclone(cyclone.programs.cdrDump)).map((each) => JSON.stringify(each));
await writeFile("test/golden/ros/cyclone-cdr.jsonl", `${lines.join("\n")}\n`);
