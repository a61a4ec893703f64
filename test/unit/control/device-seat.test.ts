import { describe, expect, it } from "vitest";
import { DriverLink } from "../../../bridge/contract/actuator-driver.ts";
import type { AxisLimits } from "../../../bridge/contract/device.ts";
import { createFarDevice, FarHealthReader } from "../../../bridge/contract/far-device.ts";
import { SampleRing } from "../../../bridge/contract/sample-ring.ts";
import {
  parseDeviceRequest,
  type DeviceOfferMessage,
  type DeviceServerMessage,
  type TelemetryMessage,
} from "../../../bridge/control/device-messages.ts";
import type { AgentPeer } from "../../../bridge/control/device-occupant.ts";
import { DeviceSeat } from "../../../bridge/control/device-seat.ts";
import { SharedMemoryDriver } from "../../../devices/drivers/shared-memory/shared-memory-driver.ts";
import { mount } from "../devices/mount.ts";

const count = mount.axes.length;

class Agent implements AgentPeer {
  readonly session: string;
  readonly client: string;
  congested = false;
  readonly told: DeviceServerMessage[] = [];
  ended: { readonly code: string; readonly reason: string } | undefined;

  constructor(name: string) {
    this.session = name;
    this.client = name;
  }
  send(message: DeviceServerMessage): void {
    this.told.push(message);
  }
  end(code: string, reason: string): void {
    this.ended = { code, reason };
  }
  of<T extends DeviceServerMessage["type"]>(type: T): Extract<DeviceServerMessage, { type: T }>[] {
    return this.told.filter((message) => message.type === type) as never;
  }
}

function openRig() {
  const telemetry = SampleRing.create({ capacity: 16, width: 3 * count });
  const memory = createFarDevice(count, telemetry);
  const tightened: (readonly AxisLimits[])[] = [];
  const seat = new DeviceSeat({
    device: mount,
    memory,
    tighten: (axes) => tightened.push(axes),
  });
  const driver = new SharedMemoryDriver({ name: "agent", device: mount, ...memory });
  const reader = new FarHealthReader(memory.health);
  const rig = {
    seat,
    driver,
    telemetry,
    tightened,
    health: () => {
      reader.refresh();
      return { link: reader.link, reason: reader.reason };
    },
    /** The actuation thread's tick. */
    write: (stampMs: number, posRad: readonly number[] = mount.homeRad) => {
      driver.writeSetpoint({
        stampMs,
        posRad: Float64Array.from(posRad),
        velRadPerS: new Float64Array(count),
      });
    },
    /** An agent that sits and has been heard of at `nowMs`. */
    seated: (nowMs: number) => {
      const agent = new Agent("phone");
      expect(seat.take(agent, offer(), nowMs)).toEqual({ ok: true });
      seat.telemetry(agent.session, told({ seq: 1 }), nowMs);
      return agent;
    },
  };
  return rig;
}

function offer(change: Partial<DeviceOfferMessage> = {}): DeviceOfferMessage {
  return {
    type: "offer",
    device: "mount0",
    axes: mount.axes.map(
      ({ name, lowerRad, upperRad, maxVelocityRadPerS, maxAccelerationRadPerS2 }) => ({
        name,
        lowerRad,
        upperRad,
        maxVelocityRadPerS,
        maxAccelerationRadPerS2,
      }),
    ),
    modes: ["hold"],
    telemetryRateHz: 50,
    setpointRateHz: 50,
    ...change,
  };
}

function told(change: Partial<TelemetryMessage> = {}): TelemetryMessage {
  return {
    type: "telemetry",
    seq: 1,
    stampMs: 0,
    posRad: [...mount.homeRad],
    velRadPerS: [0, 0, 0, 0],
    ...change,
  };
}

describe("the seat of a device", () => {
  it("says that no agent is there, then that it waits, then that the link is up", () => {
    const rig = openRig();
    expect(rig.health()).toMatchObject({
      link: DriverLink.Opening,
      reason: "no agent has offered this device yet",
    });
  });

  it("is up with the first telemetry and not before", () => {
    const rig = openRig();
    const agent = new Agent("phone");
    rig.seat.take(agent, offer(), 1000);
    expect(rig.health().link).toBe(DriverLink.Opening);
    rig.seat.telemetry("phone", told(), 1010);
    expect(rig.health()).toEqual({ link: DriverLink.Up, reason: "" });
  });

  it("tightens the limits before the link is up, and tells the agent in its own order", () => {
    const rig = openRig();
    const agent = new Agent("phone");
    const { axes } = offer();
    const slow = axes.map((axis) =>
      axis.name === "yaw" ? { ...axis, maxVelocityRadPerS: 0.5, upperRad: 99 } : axis,
    );
    rig.seat.take(agent, offer({ axes: [...slow].reverse() }), 1000);
    expect(rig.tightened[0]?.[1]).toMatchObject({ maxVelocityRadPerS: 0.5, upperRad: 3.14 });
    expect(agent.of("accepted")[0]?.axes.map(({ name }) => name)).toEqual([
      "pitch",
      "roll",
      "yaw",
      "deploy",
    ]);
    expect(agent.of("accepted")[0]?.axes[2]).toMatchObject({ maxVelocityRadPerS: 0.5 });
  });

  it("refuses a second agent while the first is heard of, and takes it when that is silent", () => {
    const rig = openRig();
    const first = rig.seated(1000);
    const second = new Agent("tablet");
    expect(rig.seat.take(second, offer(), 1499)).toMatchObject({ ok: false, code: "device/taken" });
    expect(first.ended).toBeUndefined();
    expect(rig.seat.take(second, offer(), 1500)).toEqual({ ok: true });
    expect(first.ended).toMatchObject({ code: "device/silent" });
  });

  it("ignores what an agent says that does not sit there", () => {
    const rig = openRig();
    rig.seated(1000);
    rig.seat.telemetry("stranger", told({ seq: 2, posRad: [9, 9, 9, 9] }), 1010);
    expect(rig.health().link).toBe(DriverLink.Up);
    rig.seat.leave("stranger", "gone");
    expect(rig.health().link).toBe(DriverLink.Up);
  });

  it.each([
    [499, DriverLink.Up],
    [500, DriverLink.Lost],
  ])("after %i ms of silence the link is %i", (silentMs, link) => {
    const rig = openRig();
    const agent = rig.seated(1000);
    rig.seat.watch(1000 + silentMs);
    expect(rig.health().link).toBe(link);
    expect(agent.ended === undefined).toBe(link === DriverLink.Up);
  });

  it("is lost with the reason when its agent goes", () => {
    const rig = openRig();
    rig.seated(1000);
    rig.seat.leave("phone", "socket closed (1006)");
    expect(rig.health()).toEqual({
      link: DriverLink.Lost,
      reason: "phone is gone: socket closed (1006)",
    });
  });

  it.each([
    ["too few joints", { posRad: [0, 0, 0] }],
    ["too many joints", { velRadPerS: [0, 0, 0, 0, 0] }],
    ["efforts of another width", { effortNm: [0] }],
    ["a joint far out of its range", { posRad: [2.1, 3.6, 0, 0] }],
    ["a joint that cannot be so fast", { velRadPerS: [0, 101, 0, 0] }],
    ["a joint that is not a number", { posRad: [2.1, Number.NaN, 0, 0] }],
  ])("is at fault on %s, and its agent has to go", (_, change) => {
    const rig = openRig();
    const agent = rig.seated(1000);
    rig.seat.telemetry("phone", told({ seq: 2, ...change }), 1010);
    expect(rig.health().link).toBe(DriverLink.Fault);
    expect(agent.ended).toMatchObject({ code: "device/telemetry" });
    expect(rig.telemetry.count).toBe(1);
  });

  it("bears a joint that is pushed a little out of its range", () => {
    const rig = openRig();
    rig.seated(1000);
    rig.seat.telemetry("phone", told({ seq: 2, posRad: [2.1, 3.3, 0, 0] }), 1010);
    expect(rig.health().link).toBe(DriverLink.Up);
  });

  it("passes the device's own faults on, and is up again when they are over", () => {
    const rig = openRig();
    const agent = rig.seated(1000);
    rig.seat.telemetry("phone", told({ seq: 2, faults: ["motor too hot"] }), 1010);
    expect(rig.health()).toEqual({ link: DriverLink.Fault, reason: "phone reports motor too hot" });
    expect(agent.ended).toBeUndefined();
    rig.seat.telemetry("phone", told({ seq: 3 }), 1020);
    expect(rig.health().link).toBe(DriverLink.Up);
  });

  it("ignores telemetry that is late or repeated", () => {
    const rig = openRig();
    rig.seated(1000);
    rig.seat.telemetry("phone", told({ seq: 5, posRad: [2.1, 0.5, 0, 0] }), 1010);
    rig.seat.telemetry("phone", told({ seq: 5, posRad: [2.1, 0.6, 0, 0] }), 1020);
    rig.seat.telemetry("phone", told({ seq: 4, posRad: [2.1, 0.7, 0, 0] }), 1030);
    const row = new Float64Array(3 * count);
    expect(rig.telemetry.latest(row)).toBe(1010);
    expect(row[1]).toBe(0.5);
    expect(rig.seat.status().disorderCount).toBe(2);
  });

  it("puts stamps on our clock once clocks were compared, and none into the future", () => {
    const rig = openRig();
    rig.seated(1000);
    // The agent's clock is an hour ahead; its answer took 4 ms there and back.
    rig.seat.synced("phone", { t0Ms: 1000, t1Ms: 3_601_002, t2Ms: 3_601_002 }, 1004);
    rig.seat.telemetry("phone", told({ seq: 2, stampMs: 3_601_040 }), 1060);
    const row = new Float64Array(3 * count);
    expect(rig.telemetry.latest(row)).toBe(1040);
    rig.seat.telemetry("phone", told({ seq: 3, stampMs: 3_609_999 }), 1070);
    expect(rig.telemetry.latest(row)).toBe(1070);
    expect(rig.seat.status()).toMatchObject({ roundTripMs: 4, clockUncertaintyMs: 2 });
  });

  it("does not believe a peer that answers before it was asked", () => {
    const rig = openRig();
    const agent = rig.seated(1000);
    rig.seat.synced("phone", { t0Ms: 2000, t1Ms: 1, t2Ms: 1 }, 1004);
    rig.seat.synced("phone", { t0Ms: 1000, t1Ms: 1, t2Ms: 99 }, 1004);
    expect(agent.of("clock")).toEqual([]);
  });
});

describe("setpoints for an agent", () => {
  it("are sent once each, in the order of the offer, with a time to live", () => {
    const rig = openRig();
    const agent = new Agent("phone");
    rig.seat.take(agent, offer({ axes: [...offer().axes].reverse() }), 1000);
    rig.seat.telemetry("phone", told({ posRad: [0.3, 0.2, 0.1, 2.1] }), 1000);
    rig.write(1010, [2.1, 0.1, 0.2, 0.3]);
    rig.seat.pump(1012);
    rig.seat.pump(1013);
    expect(agent.of("setpoint")).toEqual([
      {
        type: "setpoint",
        seq: 1,
        stampMs: 1010,
        posRad: [0.3, 0.2, 0.1, 2.1],
        velRadPerS: [0, 0, 0, 0],
        ttlMs: 150,
      },
    ]);
  });

  it("are the newest, not all of them", () => {
    const rig = openRig();
    const agent = rig.seated(1000);
    for (const ms of [1005, 1010, 1015]) rig.write(ms);
    rig.seat.pump(1016);
    expect(agent.of("setpoint").map(({ stampMs }) => stampMs)).toEqual([1015]);
  });

  it("are not queued behind a slow socket", () => {
    const rig = openRig();
    const agent = rig.seated(1000);
    agent.congested = true;
    rig.write(1010);
    rig.seat.pump(1010);
    rig.write(1030);
    rig.seat.pump(1030);
    agent.congested = false;
    rig.seat.pump(1031);
    expect(agent.of("setpoint").map(({ stampMs }) => stampMs)).toEqual([1030]);
    expect(rig.seat.status()).toMatchObject({ setpointCount: 1, skippedCount: 2 });
  });

  it("end with one stop when none are made any more", () => {
    const rig = openRig();
    const agent = rig.seated(1000);
    rig.write(1010);
    rig.seat.pump(1010);
    for (let ms = 1020; ms < 1400; ms += 20) {
      rig.seat.telemetry("phone", told({ seq: ms, stampMs: ms }), ms);
      rig.seat.pump(ms);
    }
    expect(agent.of("setpoint")).toHaveLength(1);
    expect(agent.of("stop")).toHaveLength(1);
  });

  it("end with a stop when the driver stops, and go on with the next of them", () => {
    const rig = openRig();
    const agent = rig.seated(1000);
    rig.write(1010);
    rig.seat.pump(1010);
    rig.driver.stop();
    rig.seat.pump(1015);
    rig.seat.pump(1020);
    expect(agent.told.at(-1)).toMatchObject({ type: "stop" });
    rig.write(1025);
    rig.seat.pump(1025);
    expect(agent.told.at(-1)).toMatchObject({ type: "setpoint", stampMs: 1025 });
  });

  it("are not sent while the device is at fault", () => {
    const rig = openRig();
    const agent = rig.seated(1000);
    rig.write(1010);
    rig.seat.pump(1010);
    rig.seat.telemetry("phone", told({ seq: 2, faults: ["stuck"] }), 1012);
    rig.write(1015);
    rig.seat.pump(1015);
    expect(agent.told.at(-1)).toMatchObject({ type: "stop", reason: "phone reports stuck" });
  });

  it("power goes to devices that can be limp, once per change", () => {
    const rig = openRig();
    const agent = new Agent("phone");
    rig.seat.take(agent, offer({ modes: ["hold", "limp"] }), 1000);
    rig.seat.telemetry("phone", told(), 1000);
    rig.driver.setEnabled(false);
    rig.seat.pump(1001);
    rig.seat.pump(1002);
    rig.driver.setEnabled(true);
    rig.seat.pump(1003);
    expect(agent.of("enable").map(({ enabled }) => enabled)).toEqual([false, true]);
    const rigid = openRig();
    const other = rigid.seated(1000);
    rigid.driver.setEnabled(false);
    rigid.seat.pump(1001);
    expect(other.of("enable")).toEqual([]);
  });
});

describe("a message of an agent", () => {
  const fine = { type: "telemetry", seq: 1, stampMs: 1, posRad: [1], velRadPerS: [0] };
  it.each([
    ["not JSON", "{", "control/malformed"],
    ["a list", "[]", "control/unknown-type"],
    ["null", "null", "control/unknown-type"],
    ["of no type", "{}", "control/unknown-type"],
    ["of a type of objects", '{"type":"constructor"}', "control/unknown-type"],
    [
      "NaN, which JSON makes null",
      JSON.stringify({ ...fine, posRad: [Number.NaN] }),
      "control/message",
    ],
    ["a field too many", JSON.stringify({ ...fine, gain: 3 }), "control/message"],
    ["an angle of a thousand turns", JSON.stringify({ ...fine, posRad: [1e5] }), "control/message"],
    ["an offer without axes", JSON.stringify({ ...offer(), axes: [] }), "control/message"],
    [
      "a negative speed",
      JSON.stringify({ ...offer(), axes: [{ ...offer().axes[0], maxVelocityRadPerS: -1 }] }),
      "control/message",
    ],
  ])("is refused when it is %s", (_, text, code) => {
    const parsed = parseDeviceRequest(text);
    expect(parsed.ok ? "ok" : parsed.problem.code).toBe(code);
  });

  it.each([
    ["telemetry", fine],
    ["an offer", offer()],
    ["an answer for its clock", { type: "sync", t0Ms: 1, t1Ms: 2, t2Ms: 3 }],
  ])("is taken when it is %s", (_, message) => {
    expect(parseDeviceRequest(JSON.stringify(message)).ok).toBe(true);
  });
});
