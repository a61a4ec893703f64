import { describe, expect, it } from "vitest";
import { silentLog } from "../../../../bridge/contract/log.ts";
import { ControlDesk } from "../../../../bridge/control/desk.ts";
import type { ServerMessage } from "../../../../bridge/control/server-messages.ts";
import { DeskSeat } from "../../../../bridge/parts/desk-seat.ts";
import { CommandInput, type CommandInputOptions } from "../../../../ros/inputs/command-input.ts";
import type { Float64MultiArray, JointTrajectory } from "../../../../ros/messages/message-types.ts";
import { ManualClock } from "../../../fakes/manual-clock.ts";
import { RecordingActuation } from "../../../fakes/synthetic-actuation.ts";

const layout = { dim: [], data_offset: 0 };
const velocities = (...data: number[]): Float64MultiArray => ({
  layout,
  data: Float64Array.from(data),
});
const some = velocities(0, 0.5, 0, -0.1);
const none = new Float64Array(0);

function moveYaw(rad: number, inS: number): JointTrajectory {
  return {
    header: { stamp: { sec: 0, nanosec: 0 }, frame_id: "" },
    joint_names: ["yaw"],
    points: [
      {
        positions: Float64Array.of(rad),
        velocities: none,
        accelerations: none,
        effort: none,
        time_from_start: { sec: inS, nanosec: 0 },
      },
    ],
  };
}

/** ROS and a person at one desk, on time that stands until it is moved. */
class Rig {
  readonly clock = new ManualClock();
  readonly actuation = new RecordingActuation();
  readonly desk: ControlDesk;
  readonly seat: DeskSeat;
  readonly input: CommandInput;
  readonly told: string[] = [];
  readonly heard: ServerMessage[] = [];
  rosLives = true;
  #personId = 0;

  constructor(options: Partial<CommandInputOptions> = {}) {
    this.desk = new ControlDesk({
      actuations: [this.actuation],
      epoch: "test",
      clock: this.clock,
      log: silentLog,
      limits: { maxMessageBytes: 16384, maxMessagesPerS: 200, maxTtlMs: 5000 },
    });
    this.seat = new DeskSeat({
      id: "ros",
      client: "ROS 2",
      desk: this.desk,
      deviceId: this.actuation.device.id,
      now: this.clock.monotonicMs,
      isAlive: () => this.rosLives,
    });
    this.input = new CommandInput({
      seat: this.seat,
      axes: this.actuation.device.axes,
      ttlMs: 200,
      acquire: "command",
      releaseAfterMs: 2000,
      setpoint: () => ({
        stampMs: this.clock.nowMs,
        posRad: [0, 0, 0, 0],
        velRadPerS: [0, 0, 0, 0],
      }),
      startOf: (_, arrivalMs) => arrivalMs,
      onRefused: (reason, text) => this.told.push(`${reason}: ${text}`),
      ...options,
    });
  }

  get owner(): string | undefined {
    return this.desk.summary()[0]?.owner?.client;
  }

  /** A person with the page open, who checks in for as long as `pass` is used. */
  personComes(role: "controller" | "supervisor" = "supervisor"): void {
    this.desk.open(
      { id: "person", role, client: "page" },
      {
        send: (message) => this.heard.push(message),
        end: () => undefined,
      },
    );
  }

  person(type: "lease.acquire" | "lease.take"): void {
    this.#personId += 1;
    const device = this.actuation.device.id;
    this.desk.handle("person", { type, id: this.#personId, device }, this.clock.nowMs);
  }

  personStops(level: "hold" | "estop"): void {
    this.desk.handle("person", { type: "stop", level }, this.clock.nowMs);
  }

  pass(ms: number, each: () => void = () => undefined): void {
    for (let passed = 0; passed < ms; passed += 20) {
      this.clock.nowMs += 20;
      this.desk.handle("person", { type: "checkin" }, this.clock.nowMs);
      this.input.tick(this.clock.nowMs);
      this.desk.tick();
      each();
    }
  }

  stream(ms = 500): void {
    this.pass(ms, () => {
      this.input.velocity(some, this.clock.nowMs);
    });
  }
}

describe("ROS velocity commands", () => {
  it("take the lease when nobody holds it, and expire", () => {
    const rig = new Rig();
    rig.input.velocity(some, rig.clock.nowMs);
    expect(rig.owner).toBe("ROS 2");
    expect(rig.actuation.sent).toEqual([
      {
        kind: "velocity",
        commandId: 1,
        velRadPerS: [0, 0.5, 0, -0.1],
        expiresAtMs: rig.clock.nowMs + 200,
      },
    ]);
    expect(rig.input.refusals.total).toBe(0);
  });

  it("are refused while a person is in control, and change nothing", () => {
    const rig = new Rig();
    rig.personComes();
    rig.person("lease.acquire");
    rig.stream();
    expect(rig.owner).toBe("page");
    expect(rig.actuation.sent).toEqual([]);
    expect(rig.input.refusals.values()).toEqual({ refused_no_lease: 25 });
    expect(rig.told, "said once").toHaveLength(1);
  });

  it("give the lease back when the stream ends", () => {
    const rig = new Rig();
    rig.stream();
    rig.pass(1900);
    expect(rig.owner).toBe("ROS 2");
    rig.pass(200);
    expect(rig.owner).toBeUndefined();
    expect(rig.actuation.kinds.at(-1)).toBe("stop hold");
    rig.stream();
    expect(rig.owner, "a new stream may begin").toBe("ROS 2");
  });

  it("stop and give the lease back when the publisher goes", () => {
    const rig = new Rig();
    rig.stream();
    rig.input.publishers({ velocity: 1, trajectory: 0 });
    expect(rig.owner).toBe("ROS 2");
    rig.input.publishers({ velocity: 0, trajectory: 1 });
    expect(rig.owner).toBeUndefined();
    expect(rig.actuation.kinds.at(-1)).toBe("stop hold");
  });

  it.each<[string, (rig: Rig) => void]>([
    [
      "a hold",
      (rig) => {
        rig.personStops("hold");
      },
    ],
    [
      "an emergency stop",
      (rig) => {
        rig.personStops("estop");
      },
    ],
    [
      "a person who takes over",
      (rig) => {
        rig.person("lease.take");
      },
    ],
  ])("after %s stay out until they are asked in again", (_, act) => {
    const rig = new Rig();
    rig.personComes();
    rig.stream();
    act(rig);
    const sentBefore = rig.actuation.sent.filter((command) => command.kind === "velocity").length;
    rig.stream(5000);
    const sentAfter = rig.actuation.sent.filter((command) => command.kind === "velocity").length;
    expect(sentAfter).toBe(sentBefore);
    expect(rig.owner).not.toBe("ROS 2");
    expect(rig.input.refusals.values()).toEqual({ refused_barred: 250 });
    expect(rig.input.barred).toBeDefined();
  });

  it("are let in again through the service, unless somebody else holds the device", () => {
    const rig = new Rig();
    rig.personComes();
    rig.stream();
    rig.person("lease.take");
    expect(rig.input.requestControl(true)).toEqual({
      success: false,
      message: "lease/held: held by page",
    });
    rig.desk.close("person", "left");
    expect(rig.input.requestControl(true)).toEqual({ success: true, message: "in control" });
    rig.stream();
    expect(rig.owner).toBe("ROS 2");
    expect(rig.input.requestControl(false).success).toBe(true);
    expect(rig.owner).toBeUndefined();
  });

  it("are let in again when all publishers have gone and new ones come", () => {
    const rig = new Rig();
    rig.personComes();
    rig.stream();
    rig.personStops("hold");
    rig.input.publishers({ velocity: 1, trajectory: 0 });
    rig.stream();
    expect(rig.owner).toBeUndefined();
    rig.input.publishers({ velocity: 0, trajectory: 0 });
    rig.stream();
    expect(rig.owner).toBe("ROS 2");
  });

  it("never take the lease by themselves where control has to be asked for", () => {
    const rig = new Rig({ acquire: "request" });
    rig.stream();
    expect(rig.actuation.sent).toEqual([]);
    rig.input.requestControl(true);
    rig.stream();
    expect(rig.actuation.kinds).toContain("velocity");
    rig.pass(10_000);
    expect(rig.owner, "kept until it is returned").toBe("ROS 2");
  });

  it("do not claim a device whose owner went silent: its client may come back", () => {
    const rig = new Rig();
    rig.desk.open(
      { id: "other", role: "controller", client: "lost" },
      { send: () => undefined, end: () => undefined },
    );
    const device = rig.actuation.device.id;
    rig.desk.handle("other", { type: "lease.acquire", id: 1, device }, rig.clock.nowMs);
    rig.pass(4000);
    rig.input.velocity(some, rig.clock.nowMs);
    expect(rig.owner).toBe("lost");
    expect(rig.input.requestControl(true).success, "asked for, it may").toBe(true);
  });

  it("end when the ROS host is not heard of, as any silent client's", () => {
    const rig = new Rig({ acquire: "request" });
    rig.input.requestControl(true);
    rig.stream();
    rig.rosLives = false;
    rig.pass(1100);
    expect(rig.actuation.kinds.at(-1)).toBe("stop hold");
    rig.pass(12_000);
    expect(rig.owner).toBeUndefined();
    rig.rosLives = true;
    expect(rig.input.requestControl(true).success, "a new session").toBe(true);
  });

  it.each<[string, string, Float64MultiArray]>([
    ["sizes", "3 numbers, expected 4 (deploy, yaw, roll, pitch)", velocities(1, 2, 3)],
    ["sizes", "0 numbers", velocities()],
    ["sizes", "5 numbers", velocities(1, 2, 3, 4, 5)],
    ["not-finite", "of yaw is NaN", velocities(0, Number.NaN, 0, 0)],
    ["not-finite", "of pitch is Infinity", velocities(0, 0, 0, Number.POSITIVE_INFINITY)],
  ])("with wrong %s (%s) move nothing", (reason, text, message) => {
    const rig = new Rig();
    rig.input.velocity(message, rig.clock.nowMs);
    expect(rig.actuation.sent).toEqual([]);
    expect(rig.owner, "not even the lease is taken").toBeUndefined();
    expect(rig.told[0]).toContain(text);
    expect(rig.input.refusals.list[0]?.reason).toBe(reason);
  });

  it("that the desk refuses are tried again once a second, not with every message", () => {
    const rig = new Rig();
    const heard: string[] = [];
    rig.desk.open(
      { id: "viewer", role: "viewer", client: "viewer" },
      { send: (message) => heard.push(message.type), end: () => undefined },
    );
    rig.desk.suspend(rig.actuation.device.id, "the node is inactive");
    rig.stream(5000);
    expect(rig.actuation.kinds).not.toContain("velocity");
    expect(rig.input.refusals.values()).toEqual({ refused_desk: 250 });
    expect(heard.filter((type) => type === "lease").length).toBeLessThan(20);
    rig.desk.resume(rig.actuation.device.id);
    rig.stream(1100);
    expect(rig.actuation.kinds).toContain("velocity");
  });

  it("tell of a desk that refuses", () => {
    const rig = new Rig({ acquire: "request" });
    rig.personComes();
    rig.personStops("estop");
    rig.input.requestControl(true);
    rig.input.velocity(some, rig.clock.nowMs);
    expect(rig.actuation.kinds).not.toContain("velocity");
    expect(rig.input.refusals.text()).toContain("command/latched");
  });
});

describe("ROS trajectories", () => {
  it("run for their time in velocities that expire, and end with a position", () => {
    const rig = new Rig();
    rig.input.trajectory(moveYaw(0.2, 1), rig.clock.nowMs);
    rig.pass(980);
    expect(new Set(rig.actuation.kinds)).toEqual(new Set(["velocity"]));
    expect(rig.actuation.sent.length).toBeGreaterThan(40);
    rig.pass(60);
    expect(rig.actuation.sent.at(-1)).toMatchObject({
      kind: "position",
      posRad: [null, 0.2, null, null],
    });
    expect(rig.input.isRunningTrajectory).toBe(false);
  });

  it("stop when their publisher goes", () => {
    const rig = new Rig();
    rig.input.trajectory(moveYaw(1, 5), rig.clock.nowMs);
    rig.pass(500);
    rig.input.publishers({ velocity: 0, trajectory: 0 });
    const count = rig.actuation.sent.length;
    rig.pass(500);
    expect(rig.actuation.sent.length).toBe(count);
    expect(rig.actuation.kinds.at(-1)).toBe("stop hold");
  });

  it("end when a person stops the device", () => {
    const rig = new Rig();
    rig.personComes();
    rig.input.trajectory(moveYaw(1, 5), rig.clock.nowMs);
    rig.pass(500);
    rig.personStops("hold");
    rig.pass(500);
    expect(rig.actuation.kinds.at(-1)).toBe("stop hold");
    expect(rig.input.isRunningTrajectory).toBe(false);
  });

  it("give way to a velocity, and to the next trajectory", () => {
    const rig = new Rig();
    rig.input.trajectory(moveYaw(1, 5), rig.clock.nowMs);
    rig.input.velocity(some, rig.clock.nowMs);
    expect(rig.input.isRunningTrajectory).toBe(false);
    rig.input.trajectory(moveYaw(0.1, 1), rig.clock.nowMs);
    rig.pass(1100);
    expect(rig.actuation.sent.at(-1)).toMatchObject({ kind: "position" });
  });

  it("that are wrong leave the one that runs alone", () => {
    const rig = new Rig();
    rig.input.trajectory(moveYaw(1, 5), rig.clock.nowMs);
    rig.input.trajectory({ ...moveYaw(1, 5), joint_names: ["elbow"] }, rig.clock.nowMs);
    expect(rig.input.isRunningTrajectory).toBe(true);
    expect(rig.input.refusals.list).toMatchObject([{ reason: "names", count: 1 }]);
  });

  it.each<[string, number | undefined]>([
    ["future", undefined],
    ["future", 70_000],
    ["stale", -5000],
  ])("with a %s start (%s ms from now) are refused", (reason, fromNowMs) => {
    const rig = new Rig({
      startOf: (_, arrivalMs) => (fromNowMs === undefined ? undefined : arrivalMs + fromNowMs),
    });
    rig.input.trajectory(moveYaw(0.1, 2), rig.clock.nowMs);
    expect(rig.input.refusals.list[0]?.reason).toBe(reason);
    expect(rig.actuation.sent).toEqual([]);
  });
});
