import process from "node:process";
import { parseArgs } from "node:util";
import { loadProfile } from "../../devices/profiles/load-profile.ts";
import { gazeboReleases } from "../../sims/gazebo/transport/release.ts";
import { networkSettings } from "../../sims/gazebo/transport/network-settings.ts";
import { StandInGazebo } from "../fakes/stand-in-gazebo.ts";

// The stand-in server as a program, in the partition and on the address of the environment.
const { values } = parseArgs({
  options: {
    release: { type: "string", default: "fortress" },
    paused: { type: "boolean", default: false },
    "no-physics": { type: "boolean", default: false },
    "real-time-factor": { type: "string", default: "1" },
    camera: { type: "boolean", default: false },
  },
});
const release = gazeboReleases.find((each) => each === values.release) ?? "fortress";
const world = await StandInGazebo.open({
  network: networkSettings({ release }, process.env),
  device: loadProfile("devices/profiles/phone-mount-4dof.json"),
  paused: values.paused,
  hasPhysics: !values["no-physics"],
  realTimeFactor: Number(values["real-time-factor"]),
  ...(values.camera ? { camera: { widthPx: 160, heightPx: 120, rateHz: 25 } } : {}),
});
process.once("SIGTERM", () => {
  world[Symbol.dispose]();
  process.exit(0);
});
process.stdin.on("data", (chunk: Buffer) => {
  for (const word of chunk.toString().split("\n")) {
    if (word === "pause") world.pause();
    else if (word === "resume") world.resume();
    else if (word === "reset") world.reset();
    else continue;
    process.stdout.write(`${JSON.stringify({ event: word })}\n`);
  }
});
process.stdout.write(`${JSON.stringify({ event: "ready" })}\n`);
