import { spawn, spawnSync } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { describe, expect, it, vi } from "vitest";
import {
  ActuationMode,
  actuationStatusWidth,
  ActuationStatusField,
  type ActuationEvent,
} from "../../../bridge/contract/actuation.ts";
import { monotonicMs } from "../../../bridge/contract/clock.ts";
import type { DeviceDescription } from "../../../bridge/contract/device.ts";
import { Heartbeats, Thread } from "../../../bridge/contract/heartbeats.ts";
import { previewWidth } from "../../../bridge/contract/preview.ts";
import { SampleRing } from "../../../bridge/contract/sample-ring.ts";
import { SharedRow } from "../../../bridge/contract/shared-row.ts";
import { openActuation } from "../../../devices/actuation/actuation-client.ts";
import { DynamixelSettings } from "../../../devices/drivers/dynamixel/dynamixel-schema.ts";
import { FeetechSettings } from "../../../devices/drivers/feetech/feetech-schema.ts";
import type { DriverChoice } from "../../../devices/drivers/open-driver.ts";
import { SimplebgcSettings } from "../../../devices/drivers/simplebgc/simplebgc-schema.ts";
import { openTtyPort } from "../../../devices/drivers/serial/tty-port.ts";
import { loadProfile } from "../../../devices/profiles/load-profile.ts";
import { hasSocat, openPtyPair } from "../../fakes/pty-pair.ts";
import { DynamixelServos } from "../../fakes/servos/dynamixel-servos.ts";
import { FeetechServos } from "../../fakes/servos/feetech-servos.ts";
import { SimplebgcBoard } from "../../fakes/servos/simplebgc-board.ts";
import { SimulatedServo } from "../../fakes/servos/simulated-servo.ts";

const entry = new URL("../../../dist/devices/actuation/actuation-worker.js", import.meta.url);
const profile = (name: string): DeviceDescription =>
  loadProfile(fileURLToPath(new URL(`../../../devices/profiles/${name}.json`, import.meta.url)));
const panTilt = profile("pan-tilt-dynamixel");
const arm = profile("so101-arm");
const gimbal = profile("sbgc-3axis");

const servosOf = ({ axes }: DeviceDescription) =>
  Object.fromEntries(axes.map(({ name }, axis) => [name, { id: axis + 1 }]));
const ticksAt = (rad: number): number => 2048 + (rad * 4096) / (2 * Math.PI);
const servosAtHome = ({ homeRad }: DeviceDescription): SimulatedServo[] =>
  homeRad.map((rad, axis) => new SimulatedServo(axis + 1, ticksAt(rad)));

/** What answers at the far end of the cable. */
interface Responder {
  receive(bytes: Iterable<number>): void;
  step(nowMs: number): void;
  answer: (packet: number[]) => void;
}

interface Subject {
  readonly name: string;
  readonly device: DeviceDescription;
  readonly driver: (port: string) => DriverChoice;
  /** The device, and where its first axis is in our radians. */
  readonly open: () => { readonly far: Responder; readonly firstAxisRad: () => number };
}

const firstTick = (servos: readonly SimulatedServo[]): number =>
  ((servos[0]!.tick - 2048) * 2 * Math.PI) / 4096;

const subjects: readonly Subject[] = [
  {
    name: "dynamixel",
    device: panTilt,
    driver: (port) => ({
      kind: "dynamixel",
      settings: DynamixelSettings.parse({ port, baudRate: 1_000_000, axes: servosOf(panTilt) }),
    }),
    open: () => {
      const far = new DynamixelServos(servosAtHome(panTilt));
      return { far, firstAxisRad: () => firstTick(far.servos) };
    },
  },
  {
    name: "feetech",
    device: arm,
    driver: (port) => ({
      kind: "feetech",
      settings: FeetechSettings.parse({ port, axes: servosOf(arm) }),
    }),
    open: () => {
      const far = new FeetechServos(servosAtHome(arm));
      return { far, firstAxisRad: () => firstTick(far.servos) };
    },
  },
  {
    name: "simplebgc",
    device: gimbal,
    driver: (port) => ({ kind: "simplebgc", settings: SimplebgcSettings.parse({ port }) }),
    open: () => {
      const far = new SimplebgcBoard([0, 0, 0]);
      return { far, firstAxisRad: () => -far.angles[2] };
    },
  },
];

/** The actuation thread over a driver; the main thread counts as alive whatever the runner does. */
async function openServed(device: DeviceDescription, driver: DriverChoice) {
  const count = device.axes.length;
  const heartbeats = new Heartbeats();
  heartbeats.beat(Thread.Main, monotonicMs() + 3_600_000);
  const telemetry = SampleRing.create({ capacity: 1024, width: 3 * count });
  const actuation = await openActuation({
    entry,
    device,
    driver,
    telemetry,
    heartbeats,
    setpoints: SampleRing.create({ capacity: 1024, width: 2 * count }),
    preview: SharedRow.create(previewWidth({ sampleCount: 150, axisCount: count })),
    status: SharedRow.create(actuationStatusWidth),
  });
  const events: ActuationEvent[] = [];
  actuation.onEvent((event) => events.push(event));
  const row = new Float64Array(actuationStatusWidth);
  return {
    actuation,
    telemetry,
    events,
    mode: (): number => {
      actuation.readStatus(row);
      return row[ActuationStatusField.mode]!;
    },
    [Symbol.asyncDispose]: () => actuation[Symbol.asyncDispose](),
  };
}

const soon = { timeout: 10_000, interval: 10 };

describe.skipIf(!hasSocat)(
  `drivers in the actuation thread, over a pseudo-terminal${hasSocat ? "" : " (socat is missing)"}`,
  () => {
    it.each(subjects)(
      "$name: finds the device, moves it, is unplugged while moving, and moves again after a reset",
      async ({ device, driver, open }) => {
        await using cable = await openPtyPair();
        const { far, firstAxisRad } = open();
        const plugIn = () =>
          openTtyPort(
            { path: cable.far, baudRate: 1_000_000 },
            {
              onBytes: (bytes, length) => {
                far.receive([...bytes.subarray(0, length)]);
              },
              onClosed: () => undefined,
            },
          );
        let port = await plugIn();
        far.answer = (packet) => {
          port.write(Uint8Array.from(packet), packet.length);
        };
        far.step(monotonicMs());
        const stepping = setInterval(() => {
          far.step(monotonicMs());
        }, 5);
        try {
          await using served = await openServed(device, driver(cable.near));
          const { actuation, events } = served;
          const ended = (commandId: number) =>
            events.find((event) => event.kind === "done" && event.commandId === commandId);
          const goTo = (commandId: number, rad: number, velocityRatio = 1): void => {
            const posRad = device.homeRad.map((home, axis) => (axis === 0 ? rad : home));
            actuation.send({ kind: "position", commandId, posRad, velocityRatio });
          };
          await vi.waitFor(() => {
            expect(served.mode()).toBe(ActuationMode.Active);
          }, soon);

          goTo(1, 0.4);
          await vi.waitFor(() => {
            expect(ended(1)).toMatchObject({ result: "completed" });
          }, soon);
          await vi.waitFor(() => {
            expect(firstAxisRad()).toBeCloseTo(0.4, 2);
          }, soon);

          goTo(2, -0.8, 0.3);
          await vi.waitFor(() => {
            expect(firstAxisRad()).toBeLessThan(0.2);
          }, soon);
          await port.close();
          await cable.unplug();
          await vi.waitFor(() => {
            expect(served.mode()).toBe(ActuationMode.Fault);
          }, soon);
          expect(ended(2)).toMatchObject({ result: "interrupted" });
          await new Promise((resolve) => setTimeout(resolve, 300));
          const stoodAt = firstAxisRad();
          expect(stoodAt).toBeGreaterThan(-0.75);

          await cable.replug();
          port = await plugIn();
          await new Promise((resolve) => setTimeout(resolve, 1500));
          expect(firstAxisRad()).toBeCloseTo(stoodAt, 2);
          await vi.waitFor(() => {
            actuation.send({ kind: "reset" });
            expect(served.mode()).toBe(ActuationMode.Active);
          }, soon);
          expect(firstAxisRad()).toBeCloseTo(stoodAt, 2);
          goTo(3, 0.1);
          await vi.waitFor(() => {
            expect(firstAxisRad()).toBeCloseTo(0.1, 2);
          }, soon);
        } finally {
          clearInterval(stepping);
          await port.close();
        }
      },
      40_000,
    );
  },
);

const hasPython =
  process.env["KAIROS_REQUIRE_PEERS"] === "1" ||
  spawnSync("/usr/bin/python3", ["-c", "import serial"]).status === 0;
const peer = fileURLToPath(new URL("../../peers/servos/servo_bus.py", import.meta.url));

describe.skipIf(!hasSocat || !hasPython)(
  `servos in Python at the far end${hasSocat && hasPython ? "" : " (socat or python3-serial is missing)"}`,
  () => {
    it.each(subjects.filter(({ name }) => name !== "simplebgc"))(
      "$name: powered where they stand, and where they are told",
      async ({ name, device, driver }) => {
        await using cable = await openPtyPair();
        const python = spawn("/usr/bin/python3", [
          peer,
          name,
          cable.far,
          String(device.axes.length),
        ]);
        const said: { goals: number[]; torque: number[] }[] = [];
        const lines = createInterface({ input: python.stdout });
        const ready = new Promise<void>((resolve) => {
          lines.on("line", (line) => {
            if (line === "ready") resolve();
            else said.push(JSON.parse(line) as { goals: number[]; torque: number[] });
          });
        });
        try {
          await ready;
          await using served = await openServed(device, driver(cable.near));
          await vi.waitFor(() => {
            expect(served.mode()).toBe(ActuationMode.Active);
            expect(said.length).toBeGreaterThan(0);
          }, soon);
          // They stood in the middle of their turn, wherever home is: nothing moved them.
          expect(said[0]!.goals).toEqual(device.axes.map(() => 2048));
          expect(said[0]!.torque).toEqual(device.axes.map(() => 1));
          const posRad = device.axes.map((_, axis) => (axis === 0 ? 0.5 : 0));
          served.actuation.send({ kind: "position", commandId: 1, posRad, velocityRatio: 1 });
          const row = new Float64Array(3 * device.axes.length);
          await vi.waitFor(() => {
            expect(said.at(-1)!.goals[0]).toBe(Math.round(ticksAt(0.5)));
            served.telemetry.latest(row);
            expect(row[0]).toBeCloseTo(0.5, 2);
          }, soon);
        } finally {
          python.kill();
        }
      },
      30_000,
    );
  },
);
