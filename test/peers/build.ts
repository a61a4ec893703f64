import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rename, rm } from "node:fs/promises";
import path from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { errorText } from "../../bridge/contract/errors.ts";

const run = promisify(execFile);
// Seen from the working directory, because this module also runs from dist/ where no C source is.
const peersFolder = path.resolve("test/peers");
const buildFolder = path.join(peersFolder, "build");

/** A built peer, or why it cannot be built here. */
export type Peer<Programs> =
  | { readonly programs: Programs; readonly missing?: undefined }
  | { readonly programs?: undefined; readonly missing: string };

export interface CyclonePrograms {
  readonly peer: string;
  readonly graph: string;
  readonly service: string;
  readonly cdrDump: string;
}

export interface FastPrograms {
  readonly peer: string;
  readonly service: string;
}

export interface GazeboPrograms {
  /** On Gazebo's own transport library: gazebo/gz-peer.cpp. */
  readonly peer: string;
  /** Gazebo's command lines. */
  readonly topic: string;
  readonly service: string;
}

interface Tool {
  readonly file: string;
  readonly debianPackage: string;
}

/** Builds the Cyclone DDS programs once per state of their sources. */
export async function buildCyclonePeer(): Promise<Peer<CyclonePrograms>> {
  const folder = await built("cyclone", {
    tools: [
      { file: "/usr/bin/idlc", debianPackage: "cyclonedds-tools" },
      { file: "/usr/include/dds/dds.h", debianPackage: "cyclonedds-dev" },
      { file: "/usr/bin/gcc", debianPackage: "gcc" },
    ],
    script: `
      idlc "$PEERS/idl/RosTypes.idl"
      idlc "$PEERS/idl/RosGraph.idl"
      idlc "$PEERS/idl/AddTwoIntsHeader.idl"
      kinds="$PEERS/cyclone/ros-kinds.c RosTypes.c"
      gcc $FLAGS -o cyclone-peer "$PEERS/cyclone/cyclone-peer.c" $kinds -lddsc
      gcc $FLAGS -o cdr-dump "$PEERS/cyclone/cdr-dump.c" $kinds -lddsc
      gcc $FLAGS -o cyclone-graph "$PEERS/cyclone/cyclone-graph.c" RosGraph.c -lddsc
      gcc $FLAGS -o cyclone-service "$PEERS/cyclone/cyclone-service.c" AddTwoIntsHeader.c -lddsc`,
  });
  if (folder.missing !== undefined) return folder;
  const program = (name: string): string => path.join(folder.programs, name);
  return {
    programs: {
      peer: program("cyclone-peer"),
      graph: program("cyclone-graph"),
      service: program("cyclone-service"),
      cdrDump: program("cdr-dump"),
    },
  };
}

/** Builds the Fast DDS program once per state of its sources. */
export async function buildFastPeer(): Promise<Peer<FastPrograms>> {
  const folder = await built("fastdds", {
    tools: [
      { file: "/usr/bin/fastddsgen", debianPackage: "fastddsgen" },
      { file: "/usr/include/fastdds/dds/topic/Topic.hpp", debianPackage: "libfastrtps-dev" },
      { file: "/usr/bin/g++", debianPackage: "g++" },
    ],
    script: `
      fastddsgen -replace -cs -d . "$PEERS/idl/RosTypes.idl"
      g++ -std=c++14 $FLAGS -o fast-peer "$PEERS/fastdds/fast-peer.cpp" \\
        RosTypes.cxx RosTypesPubSubTypes.cxx -lfastrtps -lfastcdr
      fastddsgen -replace -cs -d . "$PEERS/idl/AddTwoInts.idl"
      g++ -std=c++14 $FLAGS -o fast-service "$PEERS/fastdds/fast-service.cpp" \\
        AddTwoInts.cxx AddTwoIntsPubSubTypes.cxx -lfastrtps -lfastcdr`,
  });
  if (folder.missing !== undefined) return folder;
  const program = (name: string): string => path.join(folder.programs, name);
  return { programs: { peer: program("fast-peer"), service: program("fast-service") } };
}

/** Builds the program on libignition-transport (Fortress), beside Gazebo's own command lines. */
export async function buildGazeboPeer(): Promise<Peer<GazeboPrograms>> {
  const commands = "/usr/libexec/ignition/transport11";
  const topic = `${commands}/ign-transport-topic`;
  const service = `${commands}/ign-transport-service`;
  const folder = await built("gazebo", {
    tools: [
      { file: topic, debianPackage: "ignition-transport-cli" },
      { file: service, debianPackage: "ignition-transport-cli" },
      {
        file: "/usr/include/ignition/transport11/ignition/transport.hh",
        debianPackage: "libignition-transport-dev",
      },
      { file: "/usr/bin/pkg-config", debianPackage: "pkg-config" },
      { file: "/usr/bin/g++", debianPackage: "g++" },
    ],
    script: `
      g++ -std=c++17 -O2 -o gz-peer "$PEERS/gazebo/gz-peer.cpp" \\
        $(pkg-config --cflags --libs ignition-transport11 ignition-msgs8)`,
  });
  if (folder.missing !== undefined) return folder;
  return { programs: { peer: path.join(folder.programs, "gz-peer"), topic, service } };
}

/**
 * The folder with the programs. Its name holds the hash of the sources, and it appears by renaming, so
 * test workers may ask at the same time and a half-built folder is never used.
 */
export async function built(
  name: string,
  recipe: { readonly tools: readonly Tool[]; readonly script: string },
): Promise<Peer<string>> {
  const absent = recipe.tools.find((tool) => !existsSync(tool.file));
  if (absent !== undefined) {
    return { missing: `${absent.file} (Debian ${absent.debianPackage}) is not installed` };
  }
  const folder = path.join(buildFolder, `${name}-${await sourceHash(name, recipe.script)}`);
  if (existsSync(folder)) return { programs: folder };
  await mkdir(buildFolder, { recursive: true });
  const scratch = await mkdtemp(path.join(buildFolder, `${name}-unfinished-`));
  try {
    await run("sh", ["-e", "-c", recipe.script], {
      cwd: scratch,
      env: { ...process.env, PEERS: peersFolder, FLAGS: "-O2 -Wall -Wno-unused -I." },
    });
    await rename(scratch, folder);
  } catch (error) {
    await rm(scratch, { recursive: true, force: true });
    if (!existsSync(folder))
      return { missing: `the ${name} peer does not build: ${errorText(error)}` };
  }
  return { programs: folder };
}

async function sourceHash(name: string, script: string): Promise<string> {
  const hash = createHash("sha256").update(script);
  for (const folder of ["idl", "common", name]) {
    const files = await readdir(path.join(peersFolder, folder));
    for (const file of files.sort()) {
      hash.update(file).update(await readFile(path.join(peersFolder, folder, file)));
    }
  }
  return hash.digest("hex").slice(0, 12);
}
