import type { DeviceDescription } from "../../../bridge/contract/device.ts";
import { createFarDevice } from "../../../bridge/contract/far-device.ts";
import { silentLog } from "../../../bridge/contract/log.ts";
import { SampleRing } from "../../../bridge/contract/sample-ring.ts";
import { SharedRow } from "../../../bridge/contract/shared-row.ts";
import { openOutlet, type MountOutlet } from "../../../bridge/parts/ros-mount-outlets.ts";
import { RosMount } from "../../../bridge/parts/ros-mount.ts";
import { openDriver } from "../../../devices/drivers/open-driver.ts";
import { ros2Kind, type Ros2Settings } from "../../../devices/drivers/ros2/ros2-settings.ts";
import { messageReader } from "../../../ros/messages/codec.ts";
import { StandInTrajectoryController } from "../../fakes/stand-in-trajectory-controller.ts";
import type { DriverRig } from "./driver-rig.ts";

const stepMs = 5;

export interface Ros2Rig extends DriverRig {
  readonly controller: StandInTrajectoryController;
  /** The main thread does something else, so nothing is said and nothing heard. */
  stallMain(isStalled: boolean): void;
}

/**
 * The driver ros2, its far end and a controller in one manual time: messages are encoded, decoded
 * and judged as on the wire, without sockets.
 */
export function openRos2Rig(device: DeviceDescription, given: Partial<Ros2Settings> = {}): Ros2Rig {
  const count = device.axes.length;
  const settings = ros2Kind.schema.parse(given);
  const telemetry = SampleRing.create({ capacity: 64, width: 3 * count });
  const memory = createFarDevice(count, telemetry);
  const jointNames = device.axes.map(({ name }) => `robot_${name}`);
  const controller = new StandInTrajectoryController(jointNames, device.homeRad);
  const driver = openDriver(
    {
      kind: "ros2",
      far: {
        setpoint: memory.setpoint.buffer,
        order: memory.order.buffer,
        health: memory.health.buffer,
      },
    },
    device,
    telemetry,
  );
  let nowMs = 1000;
  let isFrozen = false;
  let isGone = false;
  let isStalled = false;
  let lagMs = 0;
  let commands: number[][] = [];
  let positions: readonly number[] | undefined;
  const late: { readonly atMs: number; readonly stampMs: number; readonly row: Float64Array }[] =
    [];
  const readTrajectory = messageReader("trajectory_msgs/msg/JointTrajectory");
  const readNumbers = messageReader("std_msgs/msg/Float64MultiArray");

  const hear = (type: string, cdr: Uint8Array): void => {
    if (isGone || isFrozen) return;
    if (type === "std_msgs/msg/Float64MultiArray") {
      positions = [...readNumbers(cdr).data];
      commands.push([...positions]);
      return;
    }
    const message = readTrajectory(cdr);
    if (controller.accept(message, nowMs) === undefined) {
      const last = message.points.at(-1)!;
      commands.push(jointNames.map((name) => last.positions[message.joint_names.indexOf(name)]!));
    }
  };
  let refusal: string | undefined;
  const inner = openOutlet({
    node: {
      advertise: (topic) => ({
        topic,
        get matchedCount() {
          return isGone ? 0 : 1;
        },
        publish: (cdr) => {
          hear(topic.type, cdr);
        },
      }),
    },
    actions: undefined,
    settings,
    jointNames,
  });
  const outlet: MountOutlet = {
    ...inner,
    takeRefusal: () => {
      const said = refusal;
      refusal = undefined;
      return said;
    },
  };
  const mount = new RosMount({
    device,
    settings,
    memory,
    preview: SharedRow.create(8),
    outlet,
    isActive: () => true,
    log: silentLog,
  });
  const posRad = (): readonly number[] => positions ?? controller.wanted(nowMs).pos;
  let nextTickMs = 0;
  const step = (): void => {
    nowMs += stepMs;
    if (!isFrozen && !isGone) {
      const row = new Float64Array(3 * count);
      row.set(posRad());
      row.set(controller.wanted(nowMs).vel, count);
      late.push({ atMs: nowMs + lagMs, stampMs: nowMs, row });
    }
    if (isStalled) return;
    while (late[0] !== undefined && late[0].atMs <= nowMs) {
      const sample = late.shift()!;
      telemetry.push(sample.stampMs, sample.row);
    }
    if (nowMs < nextTickMs) return;
    nextTickMs = nowMs + 1000 / settings.rateHz;
    mount.tick(nowMs);
  };
  const still = new Float64Array(count);
  // In contact and in step: the actuation begins at the first telemetry, too.
  for (let times = 0; times < 8; times += 1) {
    step();
    const home = Float64Array.from(device.homeRad);
    driver.writeSetpoint({ stampMs: nowMs, posRad: home, velRadPerS: still });
  }

  return {
    driver,
    device,
    controller,
    stallMain: (is) => (isStalled = is),
    nowMs: () => nowMs,
    pass: (ms) => {
      for (let passed = 0; passed < ms; passed += stepMs) step();
      return Promise.resolve();
    },
    far: {
      posRad,
      takeCommands: () => {
        const taken = commands;
        commands = [];
        return taken;
      },
      freeze: () => (isFrozen = true),
      thaw: () => (isFrozen = false),
      unplug: () => (isGone = true),
      replug: () => (isGone = false),
      delay: (ms) => (lagMs = ms),
      fail: () => {
        refusal = "goal aborted: joint robot_yaw beyond its path tolerance";
        return { expected: "path tolerance" };
      },
    },
    [Symbol.asyncDispose]: async () => {
      await driver[Symbol.asyncDispose]();
      mount.close();
    },
  };
}
