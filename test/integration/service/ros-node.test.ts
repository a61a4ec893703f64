import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RosQos } from "../../../bridge/contract/ros-transport.ts";
import { cameraFromJoints, composePoses, type Pose } from "../../../bridge/core/kinematics.ts";
import { messageReader } from "../../../ros/messages/codec.ts";
import type { GraphServiceName, GraphServices } from "../../../ros/messages/graph-services.ts";
import type { TransformStamped } from "../../../ros/messages/graph-messages.ts";
import type { RosMessages, RosTypeName } from "../../../ros/messages/message-types.ts";
import { serviceCodec } from "../../../ros/messages/service-codec.ts";
import type { RtpsTransport } from "../../../ros/rtps-transport.ts";
import { openTestRtps } from "../../fakes/open-ros-transports.ts";
import { RawControlClient } from "../../fakes/raw-control-client.ts";
import { phoneMount } from "../../fakes/synthetic-actuation.ts";
import { ServiceProcess } from "../../setup/service-process.ts";

// The service as a process, and a second participant in this one: what `ros2 param`, `ros2 lifecycle`,
// RViz and a launch file would do to it.
const domainId = 90 + (process.pid % 10);
const node = "/robot/left";
const bestEffort: RosQos = { reliability: "best_effort", durability: "volatile", depth: 20 };
const latched: RosQos = { reliability: "reliable", durability: "transient_local", depth: 10 };

let service: ServiceProcess;
let url: string;
let peer: RtpsTransport;

beforeAll(async () => {
  const rosArguments = [
    "-r",
    "__node:=left",
    "-r",
    "__ns:=/robot",
    "-r",
    "joint_states:=/joint_states",
  ];
  rosArguments.push("-p", "model.lookahead_ms:=120", "-p", "lookahed:=1");
  rosArguments.push("-p", "qos_overrides./robot/prediction.publisher.depth:=4");
  service = ServiceProcess.start({
    args: ["start", "--ros-args", ...rosArguments, "--", "--http-port", "0"],
    environment: { ROS_DOMAIN_ID: String(domainId) },
  });
  url = await service.url();
  peer = await openTestRtps({ domainId, nodeName: "test_peer" });
}, 40_000);
afterAll(async () => {
  await peer[Symbol.asyncDispose]();
  await service[Symbol.asyncDispose]();
});

async function call<Type extends GraphServiceName>(
  name: string,
  type: Type,
  request: GraphServices[Type]["request"],
): Promise<GraphServices[Type]["response"]> {
  const codec = serviceCodec(type);
  const client = peer.client({ name: name.replace("~", node), type });
  try {
    expect(await client.waitForServer({ timeoutMs: 10_000 })).toBe(true);
    const cdr = await client.call(codec.writeRequest(request), { timeoutMs: 5000 });
    return codec.readResponse(cdr);
  } finally {
    client.close();
  }
}

const change = async (label: string): Promise<boolean> =>
  (
    await call("~/change_state", "lifecycle_msgs/srv/ChangeState", {
      transition: { id: 0, label },
    })
  ).success;

class Listener<Type extends RosTypeName> implements Disposable {
  readonly messages: RosMessages[Type][] = [];
  readonly #close: () => void;

  constructor(name: string, type: Type, qos: RosQos = bestEffort) {
    const read = messageReader(type);
    const subscription = peer.subscribe({ name, type, qos }, (cdr) =>
      this.messages.push(read(cdr)),
    );
    this.#close = () => {
      subscription.close();
    };
  }

  async next(accept: (message: RosMessages[Type]) => boolean = () => true) {
    const endMs = performance.now() + 15_000;
    let index = this.messages.length;
    for (;;) {
      await sleep(5);
      for (; index < this.messages.length; index += 1) {
        const message = this.messages[index];
        if (message !== undefined && accept(message)) return message;
      }
      if (performance.now() > endMs) throw new Error(`waited in vain after ${index} messages`);
    }
  }

  [Symbol.dispose](): void {
    this.#close();
  }
}

describe("the node in the graph", () => {
  it("has the name, topics and services that its arguments ask for", async () => {
    const graph = await until(async () => {
      const seen = await peer.graph();
      const isThere = seen.services.some(({ name }) => name === `${node}/get_parameters`);
      return isThere && seen.nodes.some(({ name }) => name === node) ? seen : undefined;
    });
    const own = (kind: "publishers" | "subscriptions"): string[] =>
      graph.topics
        .filter((topic) => topic[kind].some((each) => each.node === node))
        .map(({ name }) => name);
    expect(own("publishers")).toEqual(
      expect.arrayContaining(
        [
          "/joint_states",
          "/tf",
          "/tf_static",
          "/diagnostics",
          "/rosout",
          "/parameter_events",
        ].concat(
          ["predicted/joint_states", "predicted/pose", "prediction", "robot_description"].map(
            (name) => `/robot/${name}`,
          ),
          `${node}/transition_event`,
        ),
      ),
    );
    expect(own("publishers")).not.toContain("/robot/joint_states");
    const services = graph.services.filter(({ servers }) => servers.includes(node));
    expect(services.map(({ name }) => name.replace(`${node}/`, ""))).toEqual(
      expect.arrayContaining([
        "change_state",
        "describe_parameters",
        "estop",
        "get_available_states",
        "get_available_transitions",
        "get_parameter_types",
        "get_parameters",
        "get_state",
        "get_transition_graph",
        "list_parameters",
        "reset",
        "reset_model",
        "set_mode",
        "set_parameters",
        "set_parameters_atomically",
        "stop",
      ]),
    );
    const prediction = graph.topics.find(({ name }) => name === "/robot/prediction");
    expect(prediction?.publishers[0]?.qos.depth).toBe(4);
  });

  it("says on /rosout what it was given and does not know, also to those who come in time", async () => {
    using rosout = new Listener("/rosout", "rcl_interfaces/msg/Log", latched);
    await call("~/set_mode", "std_srvs/srv/SetBool", { data: true });
    // Ten seconds of life: whether the line of the start is still there depends on the machine.
    for (const { name, level } of rosout.messages) {
      expect([name, level >= 30]).toEqual(["robot.left", true]);
    }
    expect(service.logLines.some(({ names }) => JSON.stringify(names) === '["lookahed"]')).toBe(
      true,
    );
  });
});

describe("parameters", () => {
  it("are read, set and refused as by ros2 param, and take effect", async () => {
    const names = ["model.lookahead_ms"];
    const read = await call("~/get_parameters", "rcl_interfaces/srv/GetParameters", { names });
    expect(read.values[0]).toMatchObject({ type: 3, double_value: 120 });
    using predicted = new Listener("/robot/predicted/joint_states", "sensor_msgs/msg/JointState");
    const aheadMs = async (): Promise<number> => {
      const { stamp } = (await predicted.next()).header;
      return stamp.sec * 1000 + stamp.nanosec / 1e6 - Date.now();
    };
    const value = { ...read.values[0]!, double_value: 800 };
    const set = await call("~/set_parameters", "rcl_interfaces/srv/SetParameters", {
      parameters: [
        { name: "model.lookahead_ms", value },
        { name: "http.port", value: { ...value, type: 2 } },
      ],
    });
    expect(set.results.map(({ successful }) => successful)).toEqual([true, false]);
    expect(set.results[1]?.reason).toContain("http.port is read-only");
    // 800 ms ahead of the moment it was made, less what the machine took since.
    await until(async () => ((await aheadMs()) > 400 ? true : undefined));
  });
});

describe("frames", () => {
  it("of /tf and /tf_static are those of robot_description, and lead to the camera", async () => {
    using joints = new Listener("/joint_states", "sensor_msgs/msg/JointState");
    using moving = new Listener("/tf", "tf2_msgs/msg/TFMessage");
    using fixed = new Listener("/tf_static", "tf2_msgs/msg/TFMessage", latched);
    using described = new Listener("/robot/robot_description", "std_msgs/msg/String", latched);
    const { header, position } = await joints.next();
    const same = JSON.stringify(header.stamp);
    const turned = await until(() =>
      Promise.resolve(
        moving.messages.find(
          ({ transforms }) => JSON.stringify(transforms[0]?.header.stamp) === same,
        ),
      ),
    );
    const still = await until(() => Promise.resolve(fixed.messages[0]));
    const urdf = (await until(() => Promise.resolve(described.messages[0]))).data;
    const edges = [...turned.transforms, ...still.transforms];
    const links = [...urdf.matchAll(/<link name="([^"]+)"/g)].map(([, name]) => name);
    expect(edges.map((edge) => edge.child_frame_id).sort()).toEqual(
      links.filter((name) => name !== "mount_base").sort(),
    );
    const chained = chain(edges, "mount_base", "camera_optical_frame");
    const expected = cameraFromJoints(phoneMount(), position);
    for (const [index, value] of expected.positionM.entries()) {
      expect(chained.positionM[index]).toBeCloseTo(value, 9);
    }
  });
});

describe("pictures", () => {
  it("come raw, with a camera_info of the same stamp and size", async () => {
    using raw = new Listener("/robot/camera/image_raw", "sensor_msgs/msg/Image");
    using infos = new Listener("/robot/camera/camera_info", "sensor_msgs/msg/CameraInfo");
    const image = await raw.next();
    const info = await until(() =>
      Promise.resolve(
        infos.messages.find(
          ({ header }) => JSON.stringify(header) === JSON.stringify(raw.messages.at(-1)?.header),
        ),
      ),
    );
    expect(image.encoding).toBe("rgb8");
    expect(image.data).toHaveLength(image.step * image.height);
    expect([info.width, info.height]).toEqual([image.width, image.height]);
    expect(info.k[2]).toBe((image.width - 1) / 2);
  });
});

describe("lifecycle", () => {
  it("inactive means: at rest, no predictions, no commands; active again means all of it", async () => {
    using whole = new Listener("/robot/prediction", "kairos_msgs/msg/WorldModelPrediction");
    using events = new Listener(`${node}/transition_event`, "lifecycle_msgs/msg/TransitionEvent");
    using joints = new Listener("/joint_states", "sensor_msgs/msg/JointState");
    const { model, steps } = await whole.next();
    expect(model.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(steps).toHaveLength(24);
    const client = (await RawControlClient.open(url, "controller", "page")).keepAlive();
    await client.acquire();
    client.command({ kind: "velocity", velRadPerS: { yaw: 0.5 }, ttlMs: 5000 });
    const yawSpeed = ({ velocity }: RosMessages["sensor_msgs/msg/JointState"]): number =>
      Math.abs(velocity[1] ?? Number.NaN);
    await joints.next((message) => yawSpeed(message) > 0.3);

    expect(await change("deactivate")).toBe(true);
    await joints.next((message) => yawSpeed(message) < 0.02);
    const countAfter = whole.messages.length;
    await joints.next();
    await sleep(200);
    // One that was on its way may still have come.
    expect(whole.messages.length - countAfter).toBeLessThanOrEqual(1);
    expect(await change("deactivate")).toBe(false);

    expect(await change("activate")).toBe(true);
    await whole.next();
    expect(yawSpeed(await joints.next())).toBeLessThan(0.02);
    expect(events.messages.map(({ goal_state: goal }) => goal.label)).toEqual([
      "deactivating",
      "inactive",
      "activating",
      "active",
    ]);
    client.close();
  });

  it("stop stops what a WebSocket client moves, and takes its lease", async () => {
    using joints = new Listener("/joint_states", "sensor_msgs/msg/JointState");
    const client = (await RawControlClient.open(url, "controller", "page2")).keepAlive();
    await client.acquire();
    client.command({ kind: "velocity", velRadPerS: { yaw: -0.5 }, ttlMs: 5000 });
    await joints.next(({ velocity }) => Math.abs(velocity[1] ?? 0) > 0.3);
    const answer = await call("~/stop", "std_srvs/srv/Trigger", {});
    expect(answer).toMatchObject({ success: true });
    await joints.next(({ velocity }) => Math.abs(velocity[1] ?? 1) < 0.02);
    const health = (await (await fetch(`${url}/healthz`)).json()) as {
      authority: { owner: string | null };
    };
    expect(health.authority.owner).toBeNull();
    client.close();
  });
});

async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  const endMs = performance.now() + 15_000;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > endMs) throw new Error("waited in vain");
    await sleep(10);
  }
}

/** `from`-from-`to` over the edges of a TF tree, as tf2 looks it up. */
function chain(edges: readonly TransformStamped[], from: string, to: string): Pose {
  const edge = edges.find((each) => each.child_frame_id === to);
  if (edge === undefined) throw new Error(`nothing leads to ${to}`);
  const { translation: t, rotation: r } = edge.transform;
  const pose: Pose = { positionM: [t.x, t.y, t.z], rotationXyzw: [r.x, r.y, r.z, r.w] };
  const parent = edge.header.frame_id;
  return parent === from ? pose : composePoses(chain(edges, from, parent), pose);
}
