import { describe, expect, it } from "vitest";
import { ddsTopicName, ddsTypeName, rosTopicName } from "../../../ros/rtps/rosgraph/names.ts";
import { defaultQos, incompatiblePolicies } from "../../../ros/rtps/params/qos.ts";

describe("ROS names on the wire", () => {
  it.each([
    ["/kairos/joint_states", "rt/kairos/joint_states"],
    ["/tf", "rt/tf"],
  ])("%s is topic %s, and back", (name, topic) => {
    expect(ddsTopicName(name)).toBe(topic);
    expect(rosTopicName(topic)).toBe(name);
  });

  it.each([
    ["sensor_msgs/msg/JointState", "sensor_msgs::msg::dds_::JointState_"],
    ["std_srvs/srv/Trigger_Request", "std_srvs::srv::dds_::Trigger_Request_"],
  ])("%s is type %s", (type, dds) => {
    expect(ddsTypeName(type)).toBe(dds);
  });

  it.each(["", "/", "relative", "/a//b", "/a/", "/1a", "/a b", "~/x"])(
    "a topic name %j is refused",
    (name) => {
      expect(() => ddsTopicName(name)).toThrow(/\[ros\/type\].*expected a fully qualified/);
    },
  );

  it.each(["", "JointState", "sensor_msgs/JointState", "a/b/c/d", "sensor_msgs/foo/X"])(
    "a type name %j is refused",
    (type) => {
      expect(() => ddsTypeName(type)).toThrow(/\[ros\/type\]/);
    },
  );
});

describe("QoS of a writer and a reader", () => {
  it.each([
    { what: "the same", offered: {}, requested: {}, policies: [] },
    {
      what: "more than asked",
      offered: { reliable: true, durability: 1 },
      requested: {},
      policies: [],
    },
    {
      what: "best effort for a reliable reader",
      offered: {},
      requested: { reliable: true },
      policies: ["RELIABILITY"],
    },
    {
      what: "volatile for a transient-local reader",
      offered: {},
      requested: { durability: 1 },
      policies: ["DURABILITY"],
    },
    {
      what: "no deadline for a reader with one",
      offered: {},
      requested: { deadlineMs: 100 },
      policies: ["DEADLINE"],
    },
    {
      what: "a shorter deadline",
      offered: { deadlineMs: 50 },
      requested: { deadlineMs: 100 },
      policies: [],
    },
    {
      what: "automatic liveliness for a reader that wants it by topic",
      offered: {},
      requested: { livelinessKind: 2 },
      policies: ["LIVELINESS"],
    },
    {
      what: "a longer liveliness lease",
      offered: { livelinessLeaseMs: 2000 },
      requested: { livelinessLeaseMs: 1000 },
      policies: ["LIVELINESS"],
    },
    {
      what: "exclusive ownership for a shared reader",
      offered: { ownership: 1 },
      requested: {},
      policies: ["OWNERSHIP"],
    },
    {
      what: "another partition",
      offered: { partitions: ["a"] },
      requested: { partitions: ["b"] },
      policies: ["PARTITION"],
    },
    {
      what: "the default partition, named",
      offered: { partitions: [""] },
      requested: {},
      policies: [],
    },
    {
      what: "a partition that the reader's pattern covers",
      offered: { partitions: ["robot1"] },
      requested: { partitions: ["x", "robot?"] },
      policies: [],
    },
    {
      what: "XCDR2 only",
      offered: { representations: [2] },
      requested: { representations: [0] },
      policies: ["DATA_REPRESENTATION"],
    },
    {
      what: "XCDR2 first for a reader of both",
      offered: { representations: [2, 0] },
      requested: { representations: [0, 2] },
      policies: [],
    },
    {
      what: "XCDR1 for a reader of XCDR2 only",
      offered: { representations: [0] },
      requested: { representations: [2] },
      policies: ["DATA_REPRESENTATION"],
    },
    {
      what: "unstated representations for one that reads version 1",
      offered: {},
      requested: { representations: [0] },
      policies: [],
    },
    {
      what: "keep-last for keep-all",
      offered: { keepAll: false },
      requested: { keepAll: true },
      policies: [],
    },
    {
      what: "several at once",
      offered: {},
      requested: { reliable: true, durability: 1 },
      policies: ["RELIABILITY", "DURABILITY"],
    },
  ])("offering $what", ({ offered, requested, policies }) => {
    expect(
      incompatiblePolicies({ ...defaultQos, ...offered }, { ...defaultQos, ...requested }),
    ).toEqual(policies);
  });
});
