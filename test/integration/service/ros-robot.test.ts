import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { monotonicMs, systemClock } from "../../../bridge/contract/clock.ts";
import { Heartbeats } from "../../../bridge/contract/heartbeats.ts";
import { silentLog } from "../../../bridge/contract/log.ts";
import type { RosNodeTransport } from "../../../bridge/contract/ros-services.ts";
import { serviceActions } from "../../../ros/actions/service-actions.ts";
import { serveTrajectories } from "../../../ros/actions/trajectory-action.ts";
import { TrajectoryCode } from "../../../ros/actions/trajectory-goal.ts";
import { messageReader, messageWriter } from "../../../ros/messages/codec.ts";
import { rosDuration } from "../../../ros/messages/message-mapping.ts";
import type { JointTrajectory } from "../../../ros/messages/message-types.ts";
import { openRtpsTransport } from "../../../ros/rtps-transport.ts";
import { RawControlClient } from "../../fakes/raw-control-client.ts";
import { StandInTrajectoryController } from "../../fakes/stand-in-trajectory-controller.ts";
import { ServiceProcess } from "../../setup/service-process.ts";
import { mount } from "../../unit/devices/mount.ts";

/** Domains below 100 keep their ports under Linux's ephemeral range; other suites use others. */
const domainId = 10 + ((process.pid + 37) % 80);
const yaw = 1;
const names = mount.axes.map(({ name }) => `arm_${name}`);
const none = new Float64Array(0);
const reliable = { reliability: "reliable", durability: "volatile", depth: 5 } as const;

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each[Symbol.asyncDispose]();
});

async function joinGraph(): Promise<RosNodeTransport> {
  const transport = await openRtpsTransport({
    workerEntry: new URL("../../../dist/ros/rtps-host-worker.js", import.meta.url),
    domainId,
    discoveryRange: "LOCALHOST",
    staticPeers: [],
    interfaces: [],
    nodeName: "test_robot",
    namespace: "/",
    heartbeats: new Heartbeats(),
    log: silentLog,
  });
  open.push(transport);
  return transport;
}

/** A robot with ros2_controllers in another participant: joint states at 100 Hz, one controller. */
class Robot {
  readonly controller = new StandInTrajectoryController(names, mount.homeRad);
  isSilent = false;
  /** Position of the yaw every 10 ms. */
  readonly yawTrace: { readonly atMs: number; readonly rad: number }[] = [];

  constructor(graph: RosNodeTransport) {
    const encode = messageWriter("sensor_msgs/msg/JointState");
    const decode = messageReader("trajectory_msgs/msg/JointTrajectory");
    const jointStates = graph.advertise({
      name: "/joint_states",
      type: "sensor_msgs/msg/JointState",
      qos: reliable,
    });
    graph.subscribe(
      {
        name: "/arm_controller/joint_trajectory",
        type: "trajectory_msgs/msg/JointTrajectory",
        qos: reliable,
      },
      (cdr) => {
        this.controller.accept(decode(cdr), monotonicMs());
      },
    );
    const timer = setInterval(() => {
      const nowMs = monotonicMs();
      const { pos, vel } = this.controller.wanted(nowMs);
      this.yawTrace.push({ atMs: nowMs, rad: pos[yaw]! });
      if (this.isSilent) return;
      const stampMs = Date.now();
      const stamp = { sec: Math.floor(stampMs / 1000), nanosec: (stampMs % 1000) * 1e6 };
      // In an order of its own, with a joint nobody asked for.
      const message = {
        header: { stamp, frame_id: "" },
        name: ["wheel", ...names.toReversed()],
        position: Float64Array.from([3, ...pos.toReversed()]),
        velocity: Float64Array.from([0, ...vel.toReversed()]),
        effort: none,
      };
      jointStates.publish(encode(message));
    }, 10);
    open.push({
      [Symbol.asyncDispose]: () => {
        clearInterval(timer);
        return Promise.resolve();
      },
    });
  }

  get yawRad(): number {
    return this.controller.wanted(monotonicMs()).pos[yaw]!;
  }

  /** Moved more than this between `fromMs` and now. */
  swayRad(fromMs: number): number {
    const seen = this.yawTrace.filter(({ atMs }) => atMs >= fromMs).map(({ rad }) => rad);
    return Math.max(...seen) - Math.min(...seen);
  }

  /** When the yaw last moved by more than a thousandth between samples. */
  lastMoveMs(): number {
    for (let at = this.yawTrace.length - 1; at > 0; at -= 1) {
      const [before, here] = [this.yawTrace[at - 1]!, this.yawTrace[at]!];
      if (Math.abs(here.rad - before.rad) > 1e-4) return here.atMs;
    }
    return Number.NaN;
  }
}

async function until(what: string, isSo: () => boolean, timeoutMs = 15_000): Promise<void> {
  const endMs = performance.now() + timeoutMs;
  while (!isSo()) {
    if (performance.now() > endMs) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await sleep(10);
  }
}

async function startService(
  way: "trajectory" | "action",
  source: "device" | "ros" = "device",
): Promise<{ service: ServiceProcess; client: RawControlClient }> {
  const file = path.join(mkdtempSync(path.join(tmpdir(), "kairos-robot-")), "robot.yaml");
  const jointNames = mount.axes.map(({ name }) => `${name}: arm_${name}`).join(", ");
  writeFileSync(
    file,
    `device:
  driver: ros2
  settings: { interface: ${way}, controller: /arm_controller, jointNames: { ${jointNames} }${way === "action" ? ", rateHz: 10" : ""} }
observation: { source: ${source} }
rosInputs: { imageTopic: "" }
`,
  );
  const service = ServiceProcess.start({
    args: ["run", "--config", file, "--http-port", "0"],
    environment: { ROS_DOMAIN_ID: String(domainId), KAIROS_ROS_DISCOVERY_RANGE: "LOCALHOST" },
  });
  open.push(service);
  const url = await service.url();
  await service.logged("the robot is driven");
  const client = (await RawControlClient.open(url)).keepAlive();
  open.push({
    [Symbol.asyncDispose]: () => {
      client.socket.terminate();
      return Promise.resolve();
    },
  });
  await client.acquire();
  return { service, client };
}

async function startMoving(robot: Robot, client: RawControlClient): Promise<void> {
  const fromRad = robot.yawRad;
  const hasMoved = (): boolean => robot.yawRad - fromRad > 0.2;
  // A machine that is busy may stall either process while it starts: a fault, which a reset ends.
  for (let attempt = 0; attempt < 5 && !hasMoved(); attempt += 1) {
    client.send({ type: "reset", id: 1000 + attempt, device: "mount0" });
    client.command({ kind: "velocity", velRadPerS: { yaw: 0.5 }, ttlMs: 5000 });
    await until("the robot moves", hasMoved, 2000).catch(() => undefined);
  }
  const acks = client.received.filter(({ type }) => type === "ack");
  expect(hasMoved(), JSON.stringify(acks)).toBe(true);
}

describe("a robot on ROS as the device", { timeout: 60_000 }, () => {
  it.each(["device", "ros"] as const)(
    "is moved by commands of a client, by trajectories its controller accepts (source %s)",
    async (source) => {
      const robot = new Robot(await joinGraph());
      const { client } = await startService("trajectory", source);
      await startMoving(robot, client);
      client.command({ kind: "position", posRad: { yaw: 0.6, pitch: -0.2 } });
      await until("it arrives", () => Math.abs(robot.yawRad - 0.6) < 0.01);
      expect(robot.controller.refusals).toEqual([]);
      expect(robot.controller.acceptedCount).toBeGreaterThan(10);
    },
  );

  it.each(["SIGSTOP", "SIGKILL"] as const)(
    "is at rest soon after the process is gone (%s)",
    async (signal) => {
      const robot = new Robot(await joinGraph());
      const { service, client } = await startService("trajectory");
      await startMoving(robot, client);
      service.child.kill(signal);
      const goneMs = monotonicMs();
      await sleep(1200);
      // 40 ms of lead, 20 ms since the message before, 0.5 rad/s at 8.7 rad/s²; the rest is this machine.
      expect(robot.lastMoveMs() - goneMs).toBeLessThan(400);
      expect(robot.yawRad).toBeLessThan(1);
      if (signal === "SIGKILL") return;
      const backMs = monotonicMs();
      service.child.kill("SIGCONT");
      await sleep(1500);
      expect(robot.swayRad(backMs)).toBeLessThan(0.02);
    },
  );

  it("is lost when its joint states end, told to everybody, and moves again after a reset only", async () => {
    const robot = new Robot(await joinGraph());
    const { client } = await startService("trajectory");
    await startMoving(robot, client);
    robot.isSilent = true;
    await client.wait((m) => m.type === "state" && m["mode"] === "fault");
    robot.isSilent = false;
    const backMs = monotonicMs() + 200;
    await sleep(1200);
    expect(robot.swayRad(backMs)).toBeLessThan(0.02);
  });

  it("follows goals of an action, and a stop cancels", async () => {
    const graph = await joinGraph();
    const robot = new Robot(graph);
    let canceled = 0;
    const goals = new Set<() => void>();
    const server = serveTrajectories(
      serviceActions(graph, { clock: systemClock(), log: silentLog }),
      {
        name: "/arm_controller/follow_joint_trajectory",
        clock: systemClock(),
        log: silentLog,
        handler: {
          refusal: () => undefined,
          run: async ({ jointNames, points }, { signal }) => {
            const message: JointTrajectory = {
              header: { stamp: { sec: 0, nanosec: 0 }, frame_id: "" },
              joint_names: jointNames,
              points: points.map(({ posRad, velRadPerS, timeFromStartS }) => ({
                positions: posRad,
                velocities: velRadPerS,
                accelerations: none,
                effort: none,
                time_from_start: rosDuration(timeFromStartS * 1000),
              })),
            };
            // A new goal ends the one before, as a joint_trajectory_controller does.
            for (const preempt of goals) preempt();
            goals.clear();
            const refusal = robot.controller.accept(message, monotonicMs());
            if (refusal !== undefined) return { end: "aborted", code: -1, text: refusal };
            const endMs = 1000 * points.at(-1)!.timeFromStartS;
            const how = await new Promise<"done" | "preempted" | "canceled">((resolve) => {
              goals.add(() => {
                resolve("preempted");
              });
              signal.addEventListener("abort", () => {
                resolve("canceled");
              });
              setTimeout(() => {
                resolve("done");
              }, endMs);
            });
            if (how === "canceled") {
              canceled += 1;
              robot.controller.hold(monotonicMs());
              return { end: "canceled", code: TrajectoryCode.Successful, text: "" };
            }
            const end = how === "done" ? "succeeded" : "aborted";
            return { end, code: TrajectoryCode.Successful, text: "" };
          },
        },
      },
    );
    const { client } = await startService("action");
    await startMoving(robot, client);
    client.send({ type: "stop", level: "estop", reason: "test" });
    await until(
      "the goal is cancelled or over",
      () => canceled > 0 || robot.swayRad(monotonicMs() - 300) < 1e-3,
    );
    await sleep(300);
    const fromMs = monotonicMs();
    await sleep(500);
    expect(robot.swayRad(fromMs)).toBeLessThan(0.005);
    expect(robot.controller.refusals).toEqual([]);
    server.close();
  });
});
