import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import sharp from "sharp";
import { afterEach, describe, expect, it } from "vitest";
import { Heartbeats } from "../../../bridge/contract/heartbeats.ts";
import { silentLog } from "../../../bridge/contract/log.ts";
import type { RosPublisher, RosQos, RosTransport } from "../../../bridge/contract/ros-transport.ts";
import type { RosNodeTransport } from "../../../bridge/contract/ros-services.ts";
import { messageReader, messageWriter } from "../../../ros/messages/codec.ts";
import type { DiagnosticArray, RosTime } from "../../../ros/messages/message-types.ts";
import { serviceCodec } from "../../../ros/messages/service-codec.ts";
import { openRtpsTransport } from "../../../ros/rtps-transport.ts";
import { RawControlClient } from "../../fakes/raw-control-client.ts";
import { StateRecorder } from "../../fakes/state-recorder.ts";
import { ServiceProcess } from "../../setup/service-process.ts";

/** Domains below 100 keep their ports under Linux's ephemeral range; other suites use others. */
const domainId = 10 + (process.pid % 80);
const reliable: RosQos = { reliability: "reliable", durability: "volatile", depth: 5 };
const bestEffort: RosQos = { ...reliable, reliability: "best_effort" };
const folder = mkdtempSync(path.join(tmpdir(), "kairos-ros-inputs-"));

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

async function startService(yaml: string): Promise<{ service: ServiceProcess; url: string }> {
  const file = path.join(folder, `${open.length}-${Date.now()}.yaml`);
  writeFileSync(file, yaml);
  const service = ServiceProcess.start({
    args: ["run", "--config", file, "--http-port", "0"],
    environment: { ROS_DOMAIN_ID: String(domainId), KAIROS_ROS_DISCOVERY_RANGE: "LOCALHOST" },
  });
  open.push(service);
  return { service, url: await service.url() };
}

async function until<T>(what: string, found: () => T | undefined | false, timeoutMs = 15_000) {
  const endMs = performance.now() + timeoutMs;
  for (;;) {
    const value = found();
    if (value !== undefined && value !== false) return value;
    if (performance.now() > endMs) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await sleep(10);
  }
}

/** What a robot's own clock reads: it was set wrong by 40 days. */
function robotStamp(): RosTime {
  const nowMs = Date.now() - 40 * 86_400_000;
  return { sec: Math.floor(nowMs / 1000), nanosec: Math.floor((nowMs % 1000) * 1e6) };
}

/** The newest entry of each name on /diagnostics. */
function watchDiagnostics(graph: RosTransport): Map<string, { message: string; text: string }> {
  const entries = new Map<string, { message: string; text: string }>();
  const type = "diagnostic_msgs/msg/DiagnosticArray";
  const decode = messageReader(type);
  graph.subscribe({ name: "/diagnostics", type, qos: reliable }, (cdr) => {
    const array: DiagnosticArray = decode(cdr);
    for (const { name, message, values } of array.status) {
      const text = values.map(({ key, value }) => `${key}=${value}`).join(" ");
      entries.set(name.replace("kairos_bridge: ", ""), { message, text });
    }
  });
  return entries;
}

const encodeJoints = messageWriter("sensor_msgs/msg/JointState");
const encodeVelocity = messageWriter("std_msgs/msg/Float64MultiArray");
const encodeTrajectory = messageWriter("trajectory_msgs/msg/JointTrajectory");
const encodeImage = messageWriter("sensor_msgs/msg/Image");
const encodeCompressed = messageWriter("sensor_msgs/msg/CompressedImage");

const stillPosRad = { deploy: 1.5708, yaw: 0.4, roll: -0.1, pitch: 0.2 };

function publishJoints(publisher: RosPublisher, order: readonly (keyof typeof stillPosRad)[]) {
  const none = new Float64Array(0);
  const name = ["wheel", ...order.map((axis) => `robot_${axis}`)];
  const position = Float64Array.from([7, ...order.map((axis) => stillPosRad[axis])]);
  const header = { stamp: robotStamp(), frame_id: "" };
  publisher.publish(encodeJoints({ header, name, position, velocity: none, effort: none }));
}

function every(periodMs: number, act: () => void): AsyncDisposable {
  const timer = setInterval(act, periodMs);
  return {
    [Symbol.asyncDispose]: () => {
      clearInterval(timer);
      return Promise.resolve();
    },
  };
}

const observeRos = `
observation: { source: ros }
rosInputs:
  jointStatesTopic: /robot/joint_states
  imageTopic: /robot/camera/image_raw
  compressedImageTopic: /robot/camera/image_raw/compressed
  jointNames: [robot_deploy, robot_yaw, robot_roll, robot_pitch]
`;

async function newestPredictedYaw(graph: RosTransport): Promise<() => number | undefined> {
  const type = "trajectory_msgs/msg/JointTrajectory";
  const decode = messageReader(type);
  let yaw: number | undefined;
  graph.subscribe({ name: "/kairos/predicted/joint_trajectory", type, qos: reliable }, (cdr) => {
    const { points, joint_names } = decode(cdr);
    yaw = points[0]?.positions[joint_names.indexOf("yaw")];
  });
  return await Promise.resolve(() => yaw);
}

describe("a robot that is known through ROS only", () => {
  it("feeds the model: joints by name at 50 Hz without velocities, a clock set wrong", async () => {
    const graph = await joinGraph();
    const diagnostics = watchDiagnostics(graph);
    const predictedYaw = await newestPredictedYaw(graph);
    const joints = graph.advertise({
      name: "/robot/joint_states",
      type: "sensor_msgs/msg/JointState",
      qos: bestEffort,
    });
    open.push(
      every(20, () => {
        publishJoints(joints, ["pitch", "yaw", "deploy", "roll"]);
      }),
    );
    const { service, url } = await startService(observeRos);
    await service.logged("first prediction");
    await until("a prediction of what was observed", () => {
      const yaw = predictedYaw();
      return yaw !== undefined && Math.abs(yaw - stillPosRad.yaw) < 0.05;
    });
    await until("diagnostics", () => diagnostics.get("joint states")?.message === "observed");
    const health = (await (await fetch(`${url}/healthz`)).json()) as { reasons: string[] };
    expect(health.reasons.filter((reason) => reason.includes("thread"))).toEqual([]);
    expect(diagnostics.get("joint states")?.text).toContain("stamps=measured");
    expect(diagnostics.get("camera")?.message).toContain("silent");
  });

  it("shows its camera, raw or compressed, and says what it cannot use", async () => {
    const graph = await joinGraph();
    const diagnostics = watchDiagnostics(graph);
    const joints = graph.advertise({
      name: "/robot/joint_states",
      type: "sensor_msgs/msg/JointState",
      qos: reliable,
    });
    const compressed = graph.advertise({
      name: "/robot/camera/image_raw/compressed",
      type: "sensor_msgs/msg/CompressedImage",
      qos: reliable,
    });
    const raw = graph.advertise({
      name: "/robot/camera/image_raw",
      type: "sensor_msgs/msg/Image",
      qos: bestEffort,
    });
    const green = sharp({
      create: { width: 640, height: 480, channels: 3, background: "#00c800" },
    });
    const jpeg = await green.clone().jpeg().toBuffer();
    const png = await green.clone().png().toBuffer();
    const sent = { picture: jpeg as Uint8Array, raw: undefined as string | undefined };
    open.push(
      every(20, () => {
        publishJoints(joints, ["deploy", "yaw", "roll", "pitch"]);
      }),
      every(100, () => {
        const header = { stamp: robotStamp(), frame_id: "camera_optical_frame" };
        if (sent.raw === undefined) {
          compressed.publish(encodeCompressed({ header, format: "", data: sent.picture }));
          return;
        }
        const data = new Uint8Array(640 * 480 * 2);
        for (let i = 0; i < data.length; i += 4) data.set([128, 200, 128, 200], i);
        const shape = { height: 480, width: 640, step: 1280, is_bigendian: 0 };
        raw.publish(encodeImage({ header, encoding: sent.raw, ...shape, data }));
      }),
    );
    const { url } = await startService(observeRos);
    const taken = (): number =>
      Number(/taken=(\d+)/.exec(diagnostics.get("camera")?.text ?? "")?.[1]);
    await until("a JPEG", () => taken() > 2);
    sent.picture = png;
    const beforePng = taken();
    await until("a PNG", () => taken() > beforePng + 10);
    sent.raw = "yuv422";
    const beforeRaw = taken();
    await until("a raw picture", () => taken() > beforeRaw + 10);
    sent.raw = "32FC1";
    await until("a refusal", () => diagnostics.get("camera")?.message.includes("32FC1"));
    sent.raw = undefined;
    sent.picture = Uint8Array.from([0xff, 0xd8, 0xff, 1, 2, 3]);
    await until("another", () => diagnostics.get("camera")?.text.includes("refused_undecodable"));
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  }, 60_000);
});

describe("commands from ROS", () => {
  const commandConfig = (acquire: string): string => `rosCommands: { acquire: ${acquire} }\n`;

  async function commander(graph: RosTransport) {
    const velocity = graph.advertise({
      name: "/kairos/command/joint_velocity",
      type: "std_msgs/msg/Float64MultiArray",
      qos: reliable,
    });
    const trajectory = graph.advertise({
      name: "/kairos/command/joint_trajectory",
      type: "trajectory_msgs/msg/JointTrajectory",
      qos: reliable,
    });
    await until("matched", () => velocity.matchedCount > 0 && trajectory.matchedCount > 0);
    return { velocity, trajectory };
  }

  const turn = (radPerS: number): Uint8Array =>
    encodeVelocity({
      layout: { dim: [], data_offset: 0 },
      data: Float64Array.of(0, radPerS, 0, 0),
    });

  it("move the device while they come, stop with them, and stay out after a person's stop", async () => {
    const { url } = await startService(commandConfig("command"));
    const graph = await joinGraph();
    const diagnostics = watchDiagnostics(graph);
    const { velocity } = await commander(graph);
    const recorder = await StateRecorder.open(url);
    const stream = every(50, () => {
      velocity.publish(turn(0.5));
    });
    await recorder.until(() => recorder.last.velRadPerS[1]! > 0.4);
    await stream[Symbol.asyncDispose]();
    await recorder.until(() => Math.abs(recorder.last.velRadPerS[1]!) < 0.02);
    open.push(
      every(50, () => {
        velocity.publish(turn(-0.5));
      }),
    );
    await recorder.until(() => recorder.last.velRadPerS[1]! < -0.4);
    const person = (await RawControlClient.open(url)).keepAlive();
    person.send({ type: "stop", level: "hold" });
    await recorder.until(() => Math.abs(recorder.last.velRadPerS[1]!) < 0.02);
    await until("the bar", () => {
      return diagnostics.get("ROS commands")?.text.includes("refused_barred");
    });
    expect(
      Math.abs(recorder.last.velRadPerS[1]!),
      "the stream goes on, the device rests",
    ).toBeLessThan(0.02);
    expect(diagnostics.get("ROS commands")?.message).toContain("control was lost");
    person.close();
    recorder.close();
  }, 60_000);

  it("in a trajectory end where it ends; a wrong one moves nothing; a lost publisher stops it", async () => {
    const { url } = await startService(commandConfig("command"));
    const graph = await joinGraph();
    const diagnostics = watchDiagnostics(graph);
    const { trajectory } = await commander(graph);
    const recorder = await StateRecorder.open(url);
    await recorder.until(() => recorder.states.length > 0);
    const startRad = recorder.last.posRad[1]!;
    const send = (publisher: RosPublisher, joint: string, byRad: number, sec: number): void => {
      const none = new Float64Array(0);
      publisher.publish(
        encodeTrajectory({
          header: { stamp: { sec: 0, nanosec: 0 }, frame_id: "" },
          joint_names: [joint],
          points: [
            {
              positions: Float64Array.of(startRad + byRad),
              velocities: Float64Array.of(0),
              accelerations: none,
              effort: none,
              time_from_start: { sec, nanosec: 0 },
            },
          ],
        }),
      );
    };
    send(trajectory, "elbow", 0.3, 1);
    await until("the refusal", () => {
      return diagnostics
        .get("ROS commands")
        ?.message.includes("joint elbow, expected one of deploy");
    });
    expect(Math.abs(recorder.last.posRad[1]! - startRad)).toBeLessThan(0.005);
    send(trajectory, "yaw", 0.3, 1);
    await recorder.until(() => Math.abs(recorder.last.posRad[1]! - startRad - 0.3) < 0.01);
    // A robot's computer that is switched off in mid-way.
    const doomed = await joinGraph();
    const { trajectory: last } = await commander(doomed);
    await until("one publisher", () => trajectory.matchedCount > 0);
    await graph[Symbol.asyncDispose]();
    send(last, "yaw", -0.9, 4);
    await recorder.until(() => recorder.last.velRadPerS[1]! < -0.1);
    await doomed[Symbol.asyncDispose]();
    await recorder.until(() => Math.abs(recorder.last.velRadPerS[1]!) < 0.01);
    expect(recorder.last.posRad[1]!, "not there").toBeGreaterThan(startRad - 0.8);
    recorder.close();
  }, 60_000);

  it("do nothing until they are asked in through the service, as the default is", async () => {
    const { url } = await startService("log: { level: info }\n");
    const graph = await joinGraph();
    const diagnostics = watchDiagnostics(graph);
    const { velocity } = await commander(graph);
    const recorder = await StateRecorder.open(url);
    open.push(
      every(50, () => {
        velocity.publish(turn(0.5));
      }),
    );
    await until("the refusal", () => {
      return diagnostics.get("ROS commands")?.message.includes("nobody has asked for control");
    });
    await recorder.until(() => recorder.states.length > 5);
    expect(Math.abs(recorder.last.velRadPerS[1]!)).toBeLessThan(0.01);
    const type = "std_srvs/srv/SetBool";
    const control = graph.client({ name: "/kairos/kairos_bridge/control", type });
    expect(await control.waitForServer({ timeoutMs: 10_000 })).toBe(true);
    const codec = serviceCodec(type);
    const ask = async (data: boolean) =>
      codec.readResponse(await control.call(codec.writeRequest({ data }), { timeoutMs: 5000 }));
    expect(await ask(true)).toEqual({ success: true, message: "in control" });
    await recorder.until(() => recorder.last.velRadPerS[1]! > 0.4);
    expect(await ask(false)).toEqual({ success: true, message: "returned" });
    await recorder.until(() => Math.abs(recorder.last.velRadPerS[1]!) < 0.02);
    const person = await RawControlClient.open(url);
    await person.acquire();
    expect(await ask(true)).toEqual({ success: false, message: "lease/held: held by raw" });
    person.close();
    recorder.close();
  }, 60_000);
});
