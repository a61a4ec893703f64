import { fileURLToPath } from "node:url";
import { SampleRing } from "../../../bridge/contract/sample-ring.ts";
import { loadProfile } from "../../../devices/profiles/load-profile.ts";
import { openSimplebgcDriver } from "../../../devices/drivers/simplebgc/simplebgc-driver.ts";
import { SimplebgcSettings } from "../../../devices/drivers/simplebgc/simplebgc-schema.ts";
import { MemoryLine } from "../../fakes/memory-line.ts";
import { SimplebgcBoard } from "../../fakes/servos/simplebgc-board.ts";
import { describeDriver } from "./driver-conformance.ts";
import { describeDriverFaults } from "./driver-faults.ts";
import { makeTelemetry } from "./driver-harness.ts";
import type { DriverRig, DriverUnderTest } from "./driver-rig.ts";

const device = loadProfile(
  fileURLToPath(new URL("../../../devices/profiles/sbgc-3axis.json", import.meta.url)),
);
/** Of yaw, roll, pitch: which of the board's axes, and which way round. */
const boardAxis = [2, 0, 1] as const;
const signs = [-1, 1, 1] as const;
const stepMs = 5;

async function openRig(extra: Record<string, unknown>): Promise<DriverRig> {
  const home = [0, 0, 0] as [number, number, number];
  for (const [index, rad] of device.homeRad.entries())
    home[boardAxis[index]!] = signs[index]! * rad;
  const board = new SimplebgcBoard(home);
  const line = new MemoryLine();
  board.answer = (packet) => {
    line.reply(packet);
  };
  let nowMs = 1000;
  board.step(nowMs);
  const settings = SimplebgcSettings.parse({ port: "/dev/memory", ...extra });
  const telemetry = SampleRing.create({ capacity: 64, width: 9 });
  const on = { openLine: line.open, monotonicMs: () => nowMs };
  const driver = openSimplebgcDriver(settings, device, telemetry, on);
  const ours = (values: readonly number[]): number[] =>
    signs.map((sign, index) => sign * values[boardAxis[index]!]!);
  const rig: DriverRig = {
    driver,
    device,
    nowMs: () => nowMs,
    pass: async (ms) => {
      for (let passed = 0; passed < ms; passed += stepMs) {
        nowMs += stepMs;
        board.step(nowMs);
        line.step(nowMs, (bytes) => {
          board.receive(bytes);
        });
        await Promise.resolve();
      }
    },
    far: {
      posRad: () => ours(board.angles),
      takeCommands: () => board.controls.splice(0).map((targets) => ours(targets)),
      isEnabled: () => board.areMotorsOn,
      freeze: () => (line.isFrozen = true),
      thaw: () => (line.isFrozen = false),
      unplug: () => {
        line.unplug();
      },
      replug: () => {
        line.plug();
      },
      garble: (how) => (line.garble = how),
      clean: () => (line.garble = undefined),
      delay: (ms) => (line.delayMs = ms),
      fail: () => {
        board.systemError = 0x0800;
        return { expected: "emergency stop" };
      },
      recover: () => {
        board.systemError = 0;
      },
      native: (axis) => board.angles[boardAxis[axis]!],
    },
    [Symbol.asyncDispose]: () => driver[Symbol.asyncDispose](),
  };
  line.plug();
  const joints = makeTelemetry(3);
  const isReady = (): boolean => driver.readTelemetry(joints) && board.areMotorsOn;
  for (let waited = 0; waited < 2000 && !isReady(); waited += stepMs) await rig.pass(stepMs);
  return rig;
}

const subjects: readonly DriverUnderTest[] = [
  ["simplebgc", {}],
  ["simplebgc (protocol 2, frame angles)", { protocolVersion: 2, angles: "frame" }],
].map(([name, extra]) => ({
  name: name as string,
  resolutionRad: (2 * Math.PI) / 16_384,
  nativeSigns: signs,
  open: () => openRig(extra as Record<string, unknown>),
}));

for (const subject of subjects) {
  describeDriver(subject);
  describeDriverFaults(subject);
}
