import { describe, expect, it } from "vitest";
import { ActuationMode } from "../../../bridge/contract/actuation.ts";
import { messageWriter } from "../../../ros/messages/codec.ts";
import { ServiceNodeRig } from "../../fakes/service-node-rig.ts";

const parameterType = { bool: 1, integer: 2, double: 3, string: 4, stringArray: 9 };
const noValue = {
  type: 0,
  bool_value: false,
  integer_value: 0n,
  double_value: 0,
  string_value: "",
  byte_array_value: new Uint8Array(0),
  bool_array_value: [],
  integer_array_value: new BigInt64Array(0),
  double_array_value: new Float64Array(0),
  string_array_value: [],
};
const double = (value: number) => ({ ...noValue, type: parameterType.double, double_value: value });
const bool = (value: boolean) => ({ ...noValue, type: parameterType.bool, bool_value: value });

describe("parameters over services", () => {
  it("are the configuration, typed, in snake case", async () => {
    const rig = await ServiceNodeRig.attached(["-p", "model.lookahead_ms:=120"]);
    const names = ["model.lookahead_ms", "model.horizon_steps", "log.level", "use_sim_time"];
    names.push("ros.static_peers", "actuation.rate_hz", "nothing");
    const type = "rcl_interfaces/srv/GetParameters";
    const { values } = await rig.call("~/get_parameters", type, { names });
    expect(values).toMatchObject([
      { type: parameterType.double, double_value: 120 },
      { type: parameterType.integer, integer_value: 24n },
      { type: parameterType.string, string_value: "info" },
      { type: parameterType.bool, bool_value: false },
      { type: parameterType.stringArray, string_array_value: [] },
      { type: parameterType.integer, integer_value: 200n },
      { type: 0 },
    ]);
    const typesOf = "rcl_interfaces/srv/GetParameterTypes";
    const { types } = await rig.call("~/get_parameter_types", typesOf, { names });
    expect([...types]).toEqual(values.map((value) => value.type));
  });

  it("are described by the schema of the configuration", async () => {
    const rig = await ServiceNodeRig.attached();
    const names = ["model.lookahead_ms", "http.port", "log.level", "actuation.rate_hz", "nothing"];
    const type = "rcl_interfaces/srv/DescribeParameters";
    const { descriptors } = await rig.call("~/describe_parameters", type, { names });
    expect(descriptors).toMatchObject([
      {
        read_only: false,
        floating_point_range: [{ from_value: -1, to_value: 2000, step: 0 }],
        integer_range: [],
        description: expect.stringContaining("-1 = the measured command delay") as string,
      },
      {
        read_only: true,
        floating_point_range: [],
        integer_range: [{ from_value: 0n, to_value: 65535n, step: 1n }],
      },
      { read_only: false, additional_constraints: "one of error, warn, info, debug" },
      { read_only: true, additional_constraints: "one of 100, 200, 500", integer_range: [] },
      { name: "nothing", type: 0, description: "" },
    ]);
  });

  it("are listed, also by prefix", async () => {
    const rig = await ServiceNodeRig.attached();
    const type = "rcl_interfaces/srv/ListParameters";
    const request = { prefixes: ["log"], depth: 0n };
    const { result } = await rig.call("~/list_parameters", type, request);
    expect(result).toEqual({ names: ["log.format", "log.level"], prefixes: ["log"] });
    const all = await rig.call("~/list_parameters", type, { prefixes: [], depth: 0n });
    expect(all.result.names).toContain("use_sim_time");
    expect(all.result.names).not.toContain("ros.arguments");
  });

  it("that are live take effect and are told of; the rest is refused by name", async () => {
    const rig = await ServiceNodeRig.attached();
    const events = rig.listen("/parameter_events", "rcl_interfaces/msg/ParameterEvent");
    const { results } = await rig.call("~/set_parameters", "rcl_interfaces/srv/SetParameters", {
      parameters: [
        { name: "model.lookahead_ms", value: double(80) },
        { name: "http.port", value: { ...noValue, type: 2, integer_value: 1n } },
        { name: "log.level", value: { ...noValue, type: 4, string_value: "debug" } },
        { name: "log.level", value: { ...noValue, type: 4, string_value: "loud" } },
        { name: "model.lookahead_ms", value: double(9000) },
      ],
    });
    expect(results.map(({ reason }) => reason)).toEqual([
      "",
      "parameter http.port is read-only (it is 8700)",
      "",
      "parameter log.level: value is loud, expected one of error, warn, info, debug",
      "parameter model.lookahead_ms: value is 9000, expected -1 to 2000",
    ]);
    expect(rig.settings.lookaheadMs).toBe(80);
    expect(rig.logLevels).toEqual(["debug"]);
    expect(events).toMatchObject([
      {
        node: "/kairos/kairos_bridge",
        changed_parameters: [{ name: "model.lookahead_ms", value: { double_value: 80 } }],
      },
      { changed_parameters: [{ name: "log.level" }] },
    ]);
  });

  it("are set all or none where that is asked for", async () => {
    const rig = await ServiceNodeRig.attached();
    const type = "rcl_interfaces/srv/SetParametersAtomically";
    const { result } = await rig.call("~/set_parameters_atomically", type, {
      parameters: [
        { name: "model.lookahead_ms", value: double(80) },
        { name: "device.profile", value: { ...noValue, type: 4, string_value: "x" } },
      ],
    });
    expect(result.successful).toBe(false);
    expect(result.reason).toContain("device.profile is read-only");
    expect(rig.settings.lookaheadMs).toBe(-1);
  });

  it("come from the command line only if the configuration would take them", () => {
    expect(() => new ServiceNodeRig(["-p", "model.lookahead_ms:=9000"])).toThrow(
      expect.objectContaining({ code: "config/invalid" }),
    );
    expect(() => new ServiceNodeRig(["-p", "http.port:=many"])).toThrow("http.port");
  });
});

describe("names", () => {
  it("follow __node, __ns and remaps of services", async () => {
    const rules = ["-r", "__node:=left", "-r", "__ns:=/robot", "-r", "~/stop:=/all/stop"];
    const rig = await ServiceNodeRig.attached(rules);
    expect(rig.node.node.fullName).toBe("/robot/left");
    expect(rig.node.node.loggerName).toBe("robot.left");
    const served = [...rig.graph.served.keys()];
    expect(served).toContain("/robot/left/get_parameters");
    expect(served).toContain("/all/stop");
    expect(served).not.toContain("/robot/left/stop");
  });

  it("of the node are in the configuration before anything is opened", () => {
    const { config } = new ServiceNodeRig(["-r", "__node:=left", "-r", "__ns:=/"]);
    expect(config.ros).toMatchObject({ nodeName: "left", namespace: "/" });
  });
});

describe("lifecycle", () => {
  it("is active after an ordinary start, and has moved nothing", async () => {
    const rig = await ServiceNodeRig.attached();
    expect(await rig.state()).toBe("active");
    expect(rig.actuation.sent).toEqual([]);
    expect(rig.move()).toBe("accepted");
  });

  it("is left to a manager where autostart is off; until then nobody moves the device", async () => {
    const rig = await ServiceNodeRig.attached(["-p", "ros.autostart:=false"]);
    expect(await rig.state()).toBe("unconfigured");
    expect(rig.node.isConfigured).toBe(false);
    expect(rig.move()).toBe("command/inactive");
    expect(await rig.change("configure")).toBe(true);
    expect([rig.node.isConfigured, rig.node.isActive]).toEqual([true, false]);
    expect(rig.move()).toBe("command/inactive");
    expect(await rig.change("activate")).toBe(true);
    expect(rig.move()).toBe("accepted");
  });

  it("deactivates by stopping, and refuses commands until it is active again", async () => {
    const rig = await ServiceNodeRig.attached();
    const events = rig.listen(
      "/kairos/kairos_bridge/transition_event",
      "lifecycle_msgs/msg/TransitionEvent",
    );
    expect(rig.move()).toBe("accepted");
    rig.actuation.moving = true;
    const asked = rig.change("deactivate");
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(await rig.state()).toBe("deactivating");
    expect(rig.actuation.kinds.at(-1)).toBe("stop hold");
    rig.actuation.moving = false;
    expect(await asked).toBe(true);
    expect(rig.move()).toBe("command/inactive");
    const sentCount = rig.actuation.sent.length;
    expect(await rig.change("activate")).toBe(true);
    expect(rig.actuation.sent.slice(sentCount).map(({ kind }) => kind)).not.toContain("velocity");
    expect(rig.move()).toBe("accepted");
    expect(events.map(({ transition, goal_state: goal }) => [transition.id, goal.label])).toEqual([
      [4, "deactivating"],
      [40, "inactive"],
      [3, "activating"],
      [30, "active"],
    ]);
  });

  it("ends in an error, with an emergency stop, when the device does not come to rest", async () => {
    const rig = await ServiceNodeRig.attached();
    rig.actuation.moving = true;
    expect(await rig.change("deactivate")).toBe(false);
    expect(rig.actuation.kinds).toContain("stop estop");
    expect(await rig.state()).toBe("unconfigured");
    expect(rig.move()).not.toBe("accepted");
  });

  it("forgets on cleanup, and is finalized for good by shutdown", async () => {
    const rig = await ServiceNodeRig.attached();
    await rig.change("deactivate");
    expect(await rig.change("cleanup")).toBe(true);
    expect(rig.modelResetCount).toBe(1);
    expect(await rig.change("shutdown")).toBe(true);
    expect(await rig.change("configure")).toBe(false);
    expect(rig.move()).toBe("command/inactive");
  });

  it("leaves service with a fault of the device, and comes back with the reset", async () => {
    const rig = await ServiceNodeRig.attached();
    rig.actuation.emit({ kind: "mode", mode: ActuationMode.Fault, reason: "telemetry-lost" });
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await rig.state()).toBe("unconfigured");
    expect(rig.move()).not.toBe("accepted");
    rig.actuation.emit({ kind: "mode", mode: ActuationMode.Active, reason: "reset" });
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await rig.state()).toBe("active");
  });

  it("does not activate a device in fault", async () => {
    const rig = await ServiceNodeRig.attached(["-p", "ros.autostart:=false"]);
    rig.actuation.mode = ActuationMode.Fault;
    await rig.change("configure");
    expect(await rig.change("activate")).toBe(false);
    expect(await rig.state()).toBe("inactive");
  });

  it("names its states and transitions as ros2 lifecycle does", async () => {
    const rig = await ServiceNodeRig.attached();
    const states = await rig.call(
      "~/get_available_states",
      "lifecycle_msgs/srv/GetAvailableStates",
      {},
    );
    expect(states.available_states).toHaveLength(11);
    const type = "lifecycle_msgs/srv/GetAvailableTransitions";
    const now = await rig.call("~/get_available_transitions", type, {});
    expect(now.available_transitions.map(({ transition }) => transition)).toEqual([
      { id: 4, label: "deactivate" },
      { id: 7, label: "shutdown" },
    ]);
    const all = await rig.call("~/get_transition_graph", type, {});
    expect(all.available_transitions).toHaveLength(25);
  });
});

describe("services", () => {
  it.each([
    ["~/stop", ["stop hold"]],
    ["~/estop", ["stop estop"]],
    ["~/reset", ["reset"]],
  ])("%s is one message to the device", async (name, kinds) => {
    const rig = await ServiceNodeRig.attached();
    expect(await rig.trigger(name)).toMatchObject({ success: true });
    expect(rig.actuation.kinds).toEqual(kinds);
  });

  it("stop ends the lease of whoever moved the device", async () => {
    const rig = await ServiceNodeRig.attached();
    rig.move();
    expect(rig.desk.summary()[0]?.owner?.client).toBe("page");
    await rig.trigger("~/stop");
    expect(rig.desk.summary()[0]?.owner).toBeNull();
  });

  it.each(["~/stop", "~/estop"])("%s is taken also when the node is inactive", async (name) => {
    const rig = await ServiceNodeRig.attached();
    await rig.change("deactivate");
    expect(await rig.trigger(name)).toMatchObject({ success: true });
  });

  it("estop latches until reset, which moves nothing", async () => {
    const rig = await ServiceNodeRig.attached();
    await rig.trigger("~/estop");
    rig.actuation.emit({ kind: "mode", mode: ActuationMode.Latched, reason: "estop" });
    expect(rig.move()).toBe("command/latched");
    const sentCount = rig.actuation.sent.length;
    await rig.trigger("~/reset");
    expect(rig.actuation.sent.slice(sentCount)).toEqual([{ kind: "reset" }]);
    rig.actuation.emit({ kind: "mode", mode: ActuationMode.Active, reason: "reset" });
    expect(rig.move()).toBe("accepted");
  });

  it("reset_model makes the model forget and sends the device nothing", async () => {
    const rig = await ServiceNodeRig.attached();
    expect(await rig.trigger("~/reset_model")).toMatchObject({ success: true });
    expect(rig.modelResetCount).toBe(1);
    expect(rig.actuation.sent).toEqual([]);
  });

  it("set_mode goes between active and inactive", async () => {
    const rig = await ServiceNodeRig.attached();
    const type = "std_srvs/srv/SetBool";
    const set = async (data: boolean) => (await rig.call("~/set_mode", type, { data })).message;
    expect(await set(true)).toBe("already active");
    expect(await set(false)).toBe("the node is inactive");
    expect(await set(true)).toBe("the node is active");
  });
});

describe("time", () => {
  const stamp = (rig: ServiceNodeRig, timeMs = rig.clock.nowMs): bigint =>
    rig.node.time.stampNsAt(timeMs);
  const tick = (rig: ServiceNodeRig, sec: number, nanosec = 0): void => {
    const encode = messageWriter("rosgraph_msgs/msg/Clock");
    const qos = { reliability: "reliable", durability: "volatile", depth: 1 } as const;
    rig.graph
      .advertise({ name: "/clock", type: "rosgraph_msgs/msg/Clock", qos })
      .publish(encode({ clock: { sec, nanosec } }));
  };

  it("is the wall clock unless said otherwise", () => {
    const rig = new ServiceNodeRig();
    tick(rig, 77);
    expect(stamp(rig)).toBe(rig.clock.stampNsAt(rig.clock.nowMs));
  });

  it("is that of /clock with use_sim_time, and zero before its first word", () => {
    const rig = new ServiceNodeRig(["-p", "use_sim_time:=true"]);
    expect(stamp(rig)).toBe(0n);
    tick(rig, 77, 500_000_000);
    expect(stamp(rig)).toBe(77_500_000_000n);
    // Never later than the newest word of it; before, on the line through what was heard.
    expect(stamp(rig, rig.clock.nowMs + 500)).toBe(77_500_000_000n);
    expect(stamp(rig, rig.clock.nowMs - 100)).toBe(77_400_000_000n);
  });

  it("does not mind bytes that are no clock", () => {
    const rig = new ServiceNodeRig(["-p", "use_sim_time:=true"]);
    tick(rig, 7);
    const qos = { reliability: "reliable", durability: "volatile", depth: 1 } as const;
    const clock = rig.graph.advertise({ name: "/clock", type: "rosgraph_msgs/msg/Clock", qos });
    expect(() => {
      clock.publish(Uint8Array.of(0, 1, 0));
    }).not.toThrow();
    expect(stamp(rig)).toBe(7_000_000_000n);
  });

  it("changes with the parameter while it runs", async () => {
    const rig = await ServiceNodeRig.attached();
    const set = async (value: boolean): Promise<void> => {
      const parameters = [{ name: "use_sim_time", value: bool(value) }];
      await rig.call("~/set_parameters", "rcl_interfaces/srv/SetParameters", { parameters });
    };
    await set(true);
    tick(rig, 5);
    expect(stamp(rig)).toBe(5_000_000_000n);
    await set(false);
    expect(stamp(rig)).toBe(rig.clock.stampNsAt(rig.clock.nowMs));
  });

  it("is published by the embedded simulator where it is asked to, from zero", async () => {
    const rig = new ServiceNodeRig([], { "ros.publishClock": true });
    const clocks = rig.listen("/clock", "rosgraph_msgs/msg/Clock");
    rig.clock.nowMs += 250;
    expect(stamp(rig)).toBe(250_000_000n);
    while (clocks.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(clocks[0]).toEqual({ clock: { sec: 0, nanosec: 250_000_000 } });
    await rig.node[Symbol.asyncDispose]();
  });

  it.each([{ "ros.useSimTime": true }, { "sim.backend": "gazebo" }])(
    "is not published together with %j",
    (flags) => {
      expect(() => new ServiceNodeRig([], { "ros.publishClock": true, ...flags })).toThrow(
        expect.objectContaining({ code: "config/invalid" }),
      );
    },
  );
});

describe("/rosout", () => {
  it("has warnings and errors, under the node's name", () => {
    const rig = new ServiceNodeRig(["-r", "__node:=left"]);
    const lines = rig.listen("/rosout", "rcl_interfaces/msg/Log");
    rig.tee.log.warn({ ageMs: 512 }, "observation too old");
    rig.tee.log.info({}, "nothing to say");
    rig.tee.log.error({ stack: "secret" }, "broken");
    expect(lines).toMatchObject([
      { level: 30, name: "kairos.left", msg: "observation too old (ageMs 512)" },
      { level: 40, msg: "broken" },
    ]);
  });

  it("is silent about the rest when there are too many in a second", () => {
    const rig = new ServiceNodeRig();
    const lines = rig.listen("/rosout", "rcl_interfaces/msg/Log");
    for (let i = 0; i < 80; i += 1) rig.tee.log.warn({}, `line ${i}`);
    expect(lines).toHaveLength(50);
    rig.clock.nowMs += 1000;
    rig.tee.log.warn({}, "next");
    expect(lines.slice(50).map(({ msg }) => msg)).toEqual(["30 lines were not shown here", "next"]);
  });

  it("is not opened with --disable-rosout-logs", () => {
    const rig = new ServiceNodeRig(["--disable-rosout-logs"]);
    expect(rig.graph.advertised.map(({ name }) => name)).not.toContain("/rosout");
  });
});

it("tells of parameters that it does not have", async () => {
  const rig = new ServiceNodeRig(["-p", "lookahead:=5"]);
  const lines = rig.listen("/rosout", "rcl_interfaces/msg/Log");
  await rig.attach();
  expect(lines.map(({ msg }) => msg)).toEqual([
    'parameters were given that this node does not have (names ["lookahead"])',
  ]);
});
