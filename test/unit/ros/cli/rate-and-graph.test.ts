import { describe, expect, it } from "vitest";
import type { RosEndpointInfo, RosGraph } from "../../../../bridge/contract/ros-services.ts";
import type { RosQos } from "../../../../bridge/contract/ros-transport.ts";
import {
  listeningQos,
  nodeLines,
  serviceLines,
  topicDetails,
  topicLines,
} from "../../../../ros/cli/graph-text.ts";
import { RateWindow, rateText } from "../../../../ros/cli/rate-window.ts";

const reliable: RosQos = { reliability: "reliable", durability: "volatile", depth: 10 };
const bestEffort: RosQos = { ...reliable, reliability: "best_effort" };
const latched: RosQos = { ...reliable, durability: "transient_local" };
const jointState = "sensor_msgs/msg/JointState";

const endpoint = (node: string, qos: RosQos, type = jointState): RosEndpointInfo => ({
  node,
  type,
  typeHash: "",
  qos,
});

const graph: RosGraph = {
  nodes: ["/_kairos_cli_7", "/kairos/kairos_bridge", "/rviz", "/rviz"].map((name) => ({
    name,
    enclave: "/",
  })),
  topics: [
    {
      name: "/camera",
      types: ["sensor_msgs/msg/Image"],
      publishers: [endpoint("", { ...bestEffort, history: "keep_all", deadlineMs: 40 })],
      subscriptions: [],
    },
    {
      name: "/kairos/_hidden",
      types: ["a/msg/B"],
      publishers: [endpoint("/x", reliable)],
      subscriptions: [],
    },
    {
      name: "/kairos/joint_states",
      types: [jointState, "std_msgs/msg/String"],
      publishers: [endpoint("/kairos/kairos_bridge", bestEffort)],
      subscriptions: [
        endpoint("/rviz", bestEffort),
        endpoint("/logger", latched),
        endpoint("/wrong", bestEffort, "std_msgs/msg/String"),
      ],
    },
  ],
  services: [
    { name: "/kairos/stop", types: ["std_srvs/srv/Trigger"], servers: ["/k"], clients: [] },
    { name: "/only/asked_for", types: ["a/srv/B"], servers: [], clients: ["/k"] },
  ],
};

describe("the graph as text", () => {
  it("lists topics, hidden ones only when asked", () => {
    expect(topicLines(graph)).toEqual(["/camera", "/kairos/joint_states"]);
    expect(topicLines(graph, { hidden: true })).toContain("/kairos/_hidden");
    expect(topicLines(graph, { types: true })[0]).toBe("/camera [sensor_msgs/msg/Image]");
  });

  it("lists services that somebody serves", () => {
    expect(serviceLines(graph, { types: true })).toEqual(["/kairos/stop [std_srvs/srv/Trigger]"]);
  });

  it("lists nodes, and warns of two with one name", () => {
    expect(nodeLines(graph)).toEqual([
      expect.stringContaining("share an exact name"),
      "/kairos/kairos_bridge",
      "/rviz",
      "/rviz",
    ]);
  });

  it("tells who has which quality of service, and what never meets", () => {
    expect(topicDetails(graph)).toEqual([
      "Published topics:",
      " * /camera [sensor_msgs/msg/Image] 1 publisher",
      "     (no ROS node): BEST_EFFORT, VOLATILE, KEEP_ALL, deadline 40 ms",
      " * /kairos/joint_states [sensor_msgs/msg/JointState, std_msgs/msg/String] 1 publisher",
      "     /kairos/kairos_bridge: BEST_EFFORT, VOLATILE, KEEP_LAST (10)",
      "",
      "Subscribed topics:",
      " * /kairos/joint_states [sensor_msgs/msg/JointState, std_msgs/msg/String] 3 subscribers",
      "     /rviz: BEST_EFFORT, VOLATILE, KEEP_LAST (10)",
      "     /logger: RELIABLE, TRANSIENT_LOCAL, KEEP_LAST (10)",
      "     /wrong: BEST_EFFORT, VOLATILE, KEEP_LAST (10)",
      "",
      "Do not match:",
      " * /kairos/joint_states: /kairos/kairos_bridge -> /logger: RELIABILITY, DURABILITY",
      " * /kairos/joint_states: /kairos/kairos_bridge -> /wrong: TYPE",
    ]);
  });

  it.each<[string, readonly RosQos[], Partial<RosQos>]>([
    ["all that they offer, where they agree", [latched, latched], latched],
    ["less, where one offers less", [latched, bestEffort], bestEffort],
    ["what every publisher matches, where there is none", [], bestEffort],
  ])("is listened to with %s", (_, offered, expected) => {
    const qos = listeningQos(offered.map((each) => endpoint("/p", each)));
    expect(qos).toMatchObject({
      reliability: expected.reliability,
      durability: expected.durability,
    });
  });
});

describe("the rate of a topic", () => {
  it("is told as ros2 topic hz does", () => {
    const window = new RateWindow(100);
    for (const atMs of [0, 100, 200, 320, 400]) window.add(atMs);
    expect(rateText(window.rate()!)).toBe(
      "average rate: 10.000\n\tmin: 0.080s max: 0.120s std dev: 0.01414s window: 5",
    );
  });

  it("is of the window's last messages", () => {
    const window = new RateWindow(3);
    for (const atMs of [0, 1000, 2000, 2010, 2020, 2030]) window.add(atMs);
    expect(window.rate()).toMatchObject({ window: 4 });
    expect(window.rate()?.rateHz).toBeCloseTo(100, 6);
  });

  it("is unknown before the second message", () => {
    const window = new RateWindow(10);
    expect(window.rate()).toBeUndefined();
    window.add(5);
    expect(window.rate()).toBeUndefined();
  });
});
