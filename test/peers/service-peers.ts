import path from "node:path";
import process from "node:process";
import { built, type Peer } from "./build.ts";
import type { PeerCommand } from "./start-peer.ts";

/** The bridge as a service server or client; needs a build (test/setup/compile.ts makes one). */
export const bridgeService: PeerCommand = [
  process.execPath,
  path.resolve("dist/test/peers/bridge-calls.js"),
];

/** Builds the program that serves and calls as rmw_cyclonedds does. */
export async function buildCycloneService(): Promise<Peer<PeerCommand>> {
  return await serviceProgram("service-cyclone", "cyclone-service", {
    tools: [
      { file: "/usr/bin/idlc", debianPackage: "cyclonedds-tools" },
      { file: "/usr/include/dds/dds.h", debianPackage: "cyclonedds-dev" },
      { file: "/usr/bin/gcc", debianPackage: "gcc" },
    ],
    script: `
      idlc "$PEERS/service-cyclone/AddTwoInts.idl"
      gcc $FLAGS -o cyclone-service "$PEERS/service-cyclone/cyclone-service.c" AddTwoInts.c -lddsc`,
  });
}

/** Builds the program that serves and calls as rmw_fastrtps does. */
export async function buildFastService(): Promise<Peer<PeerCommand>> {
  return await serviceProgram("service-fastdds", "fast-service", {
    tools: [
      { file: "/usr/bin/fastddsgen", debianPackage: "fastddsgen" },
      { file: "/usr/include/fastdds/dds/topic/Topic.hpp", debianPackage: "libfastrtps-dev" },
      { file: "/usr/bin/g++", debianPackage: "g++" },
    ],
    script: `
      fastddsgen -replace -cs -d . "$PEERS/service-fastdds/AddTwoInts.idl"
      g++ -std=c++14 $FLAGS -o fast-service "$PEERS/service-fastdds/fast-service.cpp" \\
        AddTwoInts.cxx AddTwoIntsPubSubTypes.cxx -lfastrtps -lfastcdr`,
  });
}

async function serviceProgram(
  folder: string,
  program: string,
  recipe: Parameters<typeof built>[1],
): Promise<Peer<PeerCommand>> {
  const found = await built(folder, recipe);
  if (found.missing !== undefined) return found;
  return { programs: [path.join(found.programs, program)] };
}
