import { describe, expect, it } from "vitest";
import { FrameMailbox } from "../../../bridge/contract/frame-mailbox.ts";
import { SampleRing } from "../../../bridge/contract/sample-ring.ts";
import { SharedRow } from "../../../bridge/contract/shared-row.ts";
import { convertPicture } from "../../../sims/gazebo/camera-picture.ts";
import { gazeboStatsWidth, type GazeboEvent } from "../../../sims/gazebo/gazebo-protocol.ts";
import { LiveWorld } from "../../../sims/gazebo/live-world.ts";
import { timeOf } from "../../../sims/gazebo/messages/basic.ts";
import { Model } from "../../../sims/gazebo/messages/joints.ts";
import { Image, PixelFormat } from "../../../sims/gazebo/messages/sensors.ts";
import { worldNames } from "../../../sims/gazebo/world-names.ts";

const axisNames = ["yaw", "pitch"];

function rig() {
  const events: GazeboEvent[] = [];
  const sent: number[][] = [];
  const telemetry = SampleRing.create({ capacity: 4096, width: 6 });
  const camera = FrameMailbox.create({ widthPx: 2, heightPx: 1 });
  const simSetpoint = SharedRow.create(5);
  const world = new LiveWorld({
    axisNames,
    names: worldNames({ world: "desk", model: "mount0" }),
    telemetry,
    camera,
    simSetpoint,
    stats: SharedRow.create(gazeboStatsWidth),
    sendTargets: (posRad) => sent.push([...posRad]),
    emit: (event) => events.push(event),
  });
  return { world, events, sent, telemetry, camera, simSetpoint };
}

function state(simMs: number, positions: Readonly<Record<string, number | undefined>>): Uint8Array {
  return Model.encode({
    header: { stamp: timeOf(simMs / 1e3) },
    joint: Object.entries(positions).map(([name, position]) => ({
      name,
      axis1: position === undefined ? undefined : { position, velocity: 2, force: 3 },
    })),
  });
}

function picture(simMs: number, data: readonly number[] = [1, 2, 3, 4, 5, 6]): Uint8Array {
  return Image.encode({
    header: { stamp: timeOf(simMs / 1e3) },
    width: 2,
    height: 1,
    step: 6,
    pixelFormatType: PixelFormat.Rgb8,
    data: Uint8Array.from(data),
  });
}

describe("joint states of a running world", () => {
  it("become rows in axis order, whatever their order", () => {
    const { world, telemetry } = rig();
    world.onJointState(state(10, { pitch: 0.5, fixed: undefined, yaw: -1 }), 1000);
    const row = new Float64Array(6);
    expect(telemetry.latest(row)).toBe(1000);
    expect([...row]).toEqual([-1, 0.5, 2, 2, 3, 3]);
  });

  it("are news only when their time moves on: a paused world ages", () => {
    const { world, telemetry } = rig();
    for (let nowMs = 0; nowMs < 50; nowMs += 1)
      world.onJointState(state(10, { yaw: 0, pitch: 0 }), nowMs);
    expect(telemetry.count).toBe(1);
  });

  it("say once that they have stopped, and once that they are back", () => {
    const { world, events } = rig();
    world.onJointState(state(1, { yaw: 0, pitch: 0 }), 0);
    for (let nowMs = 0; nowMs < 2000; nowMs += 10) world.tick(nowMs);
    expect(events).toEqual([{ kind: "silent", silentMs: 310 }]);
    world.onJointState(state(2, { yaw: 0, pitch: 0 }), 2000);
    expect(events.slice(1)).toEqual([{ kind: "heard" }, { kind: "jumped", simMs: 2 }]);
  });

  it.each([
    ["no physics system", { yaw: undefined, pitch: undefined }, /carry no axis1.*physics-system/],
    ["another robot", { shoulder: 1, elbow: 2 }, /do not have all of yaw, pitch/],
  ])("are a fault when they show %s for a second", (_, joints, text) => {
    const { world, events } = rig();
    for (let nowMs = 0; nowMs <= 1000; nowMs += 10) world.onJointState(state(nowMs, joints), nowMs);
    expect(events).toEqual([]);
    for (let nowMs = 1010; nowMs < 3000; nowMs += 10)
      world.onJointState(state(nowMs, joints), nowMs);
    expect(events).toEqual([
      { kind: "fault", code: "sim/fault", text: expect.stringMatching(text) as string },
    ]);
  });

  it("are no fault while a model is being put together", () => {
    const { world, events, telemetry } = rig();
    for (let nowMs = 0; nowMs < 900; nowMs += 10)
      world.onJointState(state(nowMs, { yaw: undefined }), nowMs);
    for (let nowMs = 900; nowMs < 3000; nowMs += 10) {
      world.onJointState(state(nowMs, { yaw: 0, pitch: 0 }), nowMs);
    }
    expect(events).toEqual([]);
    expect(telemetry.count).toBe(210);
  });

  it("are a fault at once when they are not finite, and no row of them gets through", () => {
    const { world, events, telemetry } = rig();
    world.onJointState(state(1, { yaw: Number.NaN, pitch: 0 }), 0);
    expect(events).toMatchObject([{ kind: "fault", text: /not finite/ }]);
    expect(telemetry.count).toBe(0);
  });

  it("that cannot be read are left out", () => {
    const { world, telemetry, events } = rig();
    world.onJointState(Uint8Array.from([0x32, 0x7f, 1]), 0);
    expect([telemetry.count, events.length]).toEqual([0, 0]);
  });
});

describe("pictures of a running world", () => {
  it("carry the time they were taken at", () => {
    const { world, camera } = rig();
    for (let t = 0; t <= 1000; t += 1) world.onJointState(state(t, { yaw: 0, pitch: 0 }), 5000 + t);
    world.onPicture(picture(990), 6001, 25);
    const frame = camera.readCopy();
    expect(frame?.stampMs).toBeCloseTo(5990, 0);
    expect([...(frame?.rgb ?? [])]).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it("are taken at the wanted rate, and at once at a faster one", () => {
    const { world, camera } = rig();
    for (let t = 0; t < 1000; t += 40) world.onPicture(picture(t), t, 2);
    expect(camera.sequence).toBe(3);
    for (let t = 1000; t < 2000; t += 40) world.onPicture(picture(t), t, 25);
    expect(camera.sequence).toBe(27);
  });

  it("that cannot be used are reported once", () => {
    const { world, events, camera } = rig();
    const deep = Image.encode({
      width: 2,
      height: 1,
      step: 8,
      pixelFormatType: 13,
      data: new Uint8Array(8),
    });
    for (let t = 0; t < 400; t += 40) world.onPicture(deep, t, 25);
    expect(events).toEqual([{ kind: "picture", text: "pixel format 13, expected 8-bit colour" }]);
    expect(camera.sequence).toBe(0);
  });

  it.each([
    ["BGR", PixelFormat.Bgr8, [3, 2, 1, 6, 5, 4], 6],
    ["RGBA", PixelFormat.Rgba8, [1, 2, 3, 9, 4, 5, 6, 9], 8],
    ["BGRA", PixelFormat.Bgra8, [3, 2, 1, 9, 6, 5, 4, 9], 8],
    ["RGB with padded rows", PixelFormat.Rgb8, [1, 2, 3, 4, 5, 6, 0, 0], 8],
  ])("come as %s too", (_, pixelFormatType, data, step) => {
    const out = new Uint8Array(6);
    const image = Image.decode(
      Image.encode({ width: 2, height: 1, step, pixelFormatType, data: Uint8Array.from(data) }),
    );
    expect(image && convertPicture(image, { widthPx: 2, heightPx: 1 }, out)).toBeUndefined();
    expect([...out]).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it("of another size are brought to ours", () => {
    const out = new Uint8Array(12);
    const grey = Image.decode(
      Image.encode({
        width: 4,
        height: 2,
        pixelFormatType: PixelFormat.L8,
        data: Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8]),
      }),
    );
    expect(grey && convertPicture(grey, { widthPx: 2, heightPx: 2 }, out)).toBeUndefined();
    expect([...out]).toEqual([2, 2, 2, 4, 4, 4, 6, 6, 6, 8, 8, 8]);
  });

  it.each([
    ["fewer bytes than pixels", { width: 2, height: 1, data: 5 }, /5 bytes for 2 x 1/],
    ["rows shorter than their pixels", { width: 2, height: 1, step: 3, data: 6 }, /6 bytes/],
    ["nothing", { width: 0, height: 0, data: 0 }, /0 x 0/],
    ["a size beyond its bytes", { width: 0xffffffff, height: 0xffffffff, data: 6 }, /6 bytes/],
  ])("with %s are refused", (_, { data, ...size }, problem) => {
    const image = Image.decode(
      Image.encode({ ...size, pixelFormatType: PixelFormat.Rgb8, data: new Uint8Array(data) }),
    );
    expect(image && convertPicture(image, { widthPx: 2, heightPx: 1 }, new Uint8Array(6))).toMatch(
      problem,
    );
  });
});

describe("setpoints for a running world", () => {
  it("are passed on when they change, and again now and then", () => {
    const { world, sent, simSetpoint } = rig();
    for (let nowMs = 0; nowMs < 1000; nowMs += 5) {
      simSetpoint.write(Float64Array.of(nowMs, nowMs < 500 ? 0.1 : 0.2, 0.3, 0, 0));
      world.tick(nowMs);
    }
    expect(sent.map(([yaw]) => yaw)).toEqual([0.1, 0.1, 0.1, 0.2, 0.2, 0.2]);
  });

  it("are none before the first was written", () => {
    const { world, sent } = rig();
    for (let nowMs = 0; nowMs < 1000; nowMs += 5) world.tick(nowMs);
    expect(sent).toEqual([]);
  });
});

describe("a paused world", () => {
  it("is said to be paused, not silent", () => {
    const { world, events } = rig();
    world.onJointState(state(1, { yaw: 0, pitch: 0 }), 0);
    world.onStatistics({ paused: true });
    world.onStatistics({ paused: true });
    for (let nowMs = 0; nowMs < 2000; nowMs += 10) world.tick(nowMs);
    world.onStatistics({ paused: false });
    expect(events).toEqual([{ kind: "paused" }, { kind: "running" }]);
  });
});
