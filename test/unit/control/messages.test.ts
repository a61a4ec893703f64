import { describe, expect, it } from "vitest";
import { parseClientMessage, parseStreamRequest } from "../../../bridge/control/messages.ts";

const lease = { epoch: "e1", sequence: 1 };
const head = { type: "command", id: 1, seq: 1, device: "mount0", lease };
const velocity = { ...head, kind: "velocity", ttlMs: 200, velRadPerS: { yaw: 0.5 } };
const position = { ...head, kind: "position", posRad: { pitch: 0.1 } };

const pose = { ...head, kind: "pose", orientationXyzw: [0, 0, 0, 1] };
const trajectory = {
  ...head,
  kind: "trajectory",
  axes: ["yaw"],
  points: [{ timeMs: 500, posRad: [0.2], velRadPerS: [0], accRadPerS2: [0] }],
};
const track = { ...head, kind: "track", ttlMs: 300, target: { image: [0.5, 0.25] } };
const nod = { ...head, kind: "action", action: "nod", amplitudeRatio: 0.5 };
const delegate = {
  type: "lease.delegate",
  id: 1,
  device: "mount0",
  lease,
  to: "s2",
  velocityRatio: 0.2,
  accelerationRatio: 0.1,
};
const hello = { type: "hello", protocol: "p", role: "viewer", client: "me" };
const wish = (keepalive: object): object => ({ ...hello, keepalive });
const wrong = "control/message";

const without = (message: object, key: string): object =>
  Object.fromEntries(Object.entries(message).filter(([name]) => name !== key));

describe("messages that are right", () => {
  it.each([
    { type: "hello", protocol: "kairos.control.v1", role: "viewer", client: "me" },
    { type: "sync", t0Ms: 12.5 },
    { type: "checkin" },
    { type: "lease.acquire", id: 0, device: "mount0" },
    { type: "lease.take", id: 1, device: "mount0" },
    { type: "lease.retain", id: 1, device: "mount0", lease },
    { type: "lease.return", id: 1, device: "mount0", lease },
    velocity,
    { ...velocity, ttlMs: 1 },
    { ...velocity, ttlMs: 5000, acks: "rejections" },
    position,
    { ...position, velocityRatio: 1, ttlMs: 3000 },
    { type: "stop", level: "hold" },
    { type: "stop", level: "estop", id: 3, device: "mount0", reason: "saw a hand" },
    { type: "reset" },
    { type: "hello", protocol: "p", role: "agent", client: "me", token: "t", keepalive: {} },
    {
      type: "hello",
      protocol: "p",
      role: "controller",
      client: "me",
      keepalive: {
        missMs: 100,
        staleMs: 10_000,
        closeMs: 1000,
        onMiss: "estop",
        onStale: "return",
      },
    },
    { type: "sync", t0Ms: 5, previous: { t0Ms: 1, t1Ms: 2, t2Ms: 3, t3Ms: 4 } },
    { type: "lease.retain", id: 1, device: "mount0", lease: { ...lease, sub: 1 } },
    delegate,
    { ...delegate, forMs: 3_600_000 },
    { type: "lease.revoke", id: 1, device: "mount0", lease },
    { ...velocity, acks: ["received", "done"], sentAtMs: -12.5 },
    { ...velocity, acks: [] },
    { ...position, durationMs: 800 },
    pose,
    { ...pose, frame: "mount_base", velocityRatio: 0.5 },
    trajectory,
    { ...trajectory, startInMs: 100, goalToleranceRad: { yaw: 0.1 }, ttlMs: 5000 },
    track,
    { ...track, target: { image: [0, 1], stampMs: 4 } },
    { ...track, target: { bearing: [1, 0, 0] } },
    { ...track, target: { predicted: true } },
    nod,
    { ...nod, action: "look-at", target: { bearing: [1, 1, 0], frame: "mount_base" } },
    { ...head, kind: "mode", mode: "inactive" },
    { ...head, kind: "deploy" },
    { ...head, kind: "stow", velocityRatio: 0.3, ttlMs: 5000 },
  ])("%j", (message) => {
    expect(parseClientMessage(JSON.stringify(message))).toEqual({ ok: true, message });
  });
});

describe("their wrong neighbours", () => {
  it.each([
    { name: "no ttl", message: without(velocity, "ttlMs"), path: "ttlMs", code: "control/message" },
    { name: "ttl 0", message: { ...velocity, ttlMs: 0 }, path: "ttlMs", code: "control/message" },
    {
      name: "ttl 5001",
      message: { ...velocity, ttlMs: 5001 },
      path: "ttlMs",
      code: "control/message",
    },
    {
      name: "ttl as text",
      message: { ...velocity, ttlMs: "200" },
      path: "ttlMs",
      code: "control/message",
    },
    {
      name: "no lease",
      message: without(velocity, "lease"),
      path: "lease",
      code: "control/message",
    },
    {
      name: "lease sequence 0",
      message: { ...velocity, lease: { ...lease, sequence: 0 } },
      path: "lease.sequence",
      code: "control/message",
    },
    {
      name: "a velocity that is null",
      message: { ...velocity, velRadPerS: { yaw: null } },
      path: "velRadPerS.yaw",
      code: "control/message",
    },
    {
      name: "velocities as a list",
      message: { ...velocity, velRadPerS: [0.5] },
      path: "velRadPerS",
      code: "control/message",
    },
    { name: "seq 1.5", message: { ...velocity, seq: 1.5 }, path: "seq", code: "control/message" },
    {
      name: "a field too many",
      message: { ...velocity, boost: 1 },
      path: "",
      code: "control/message",
    },
    {
      name: "a position's field in a velocity",
      message: { ...velocity, velocityRatio: 1 },
      path: "",
      code: "control/message",
    },
    {
      name: "ratio 0",
      message: { ...position, velocityRatio: 0 },
      path: "velocityRatio",
      code: "control/message",
    },
    { name: "no kind", message: head, path: "kind", code: "control/message" },
    {
      name: "kind warp",
      message: { ...head, kind: "warp" },
      path: "kind",
      code: "control/message",
    },
    {
      name: "kind __proto__",
      message: { ...head, kind: "__proto__" },
      path: "kind",
      code: "control/message",
    },
    {
      name: "stop softly",
      message: { type: "stop", level: "soft" },
      path: "level",
      code: "control/message",
    },
    { name: "stop of no level", message: { type: "stop" }, path: "level", code: "control/message" },
    {
      name: "acquire without id",
      message: { type: "lease.acquire", device: "mount0" },
      path: "id",
      code: "control/message",
    },
    { name: "role king", message: { ...hello, role: "king" }, path: "role", code: wrong },
    {
      name: "a miss of 99 ms",
      message: wish({ missMs: 99 }),
      path: "keepalive.missMs",
      code: wrong,
    },
    {
      name: "a miss of 3001 ms",
      message: wish({ missMs: 3001 }),
      path: "keepalive.missMs",
      code: wrong,
    },
    {
      name: "a miss that flies",
      message: wish({ onMiss: "fly" }),
      path: "keepalive.onMiss",
      code: wrong,
    },
    {
      name: "sub 0",
      message: { ...nod, lease: { ...lease, sub: 0 } },
      path: "lease.sub",
      code: wrong,
    },
    {
      name: "an agent at more than all",
      message: { ...delegate, velocityRatio: 1.01 },
      path: "velocityRatio",
      code: wrong,
    },
    {
      name: "a right lent to nobody",
      message: without(delegate, "to"),
      path: "to",
      code: wrong,
    },
    {
      name: "an ack of no kind",
      message: { ...velocity, acks: ["seen"] },
      path: "acks",
      code: wrong,
    },
    {
      name: "a position with both times",
      message: { ...position, durationMs: 5, velocityRatio: 0.5 },
      path: "",
      code: wrong,
    },
    {
      name: "a quaternion of length 2",
      message: { ...pose, orientationXyzw: [0, 0, 0, 2] },
      path: "orientationXyzw",
      code: wrong,
    },
    {
      name: "a quaternion of three",
      message: { ...pose, orientationXyzw: [0, 0, 1] },
      path: "orientationXyzw",
      code: wrong,
    },
    { name: "no point", message: { ...trajectory, points: [] }, path: "points", code: wrong },
    {
      name: "a time before the start",
      message: { ...trajectory, points: [{ timeMs: -1, posRad: [0] }] },
      path: "points.0.timeMs",
      code: wrong,
    },
    { name: "a track for ever", message: without(track, "ttlMs"), path: "ttlMs", code: wrong },
    {
      name: "a point beside the picture",
      message: { ...track, target: { image: [0.5, 1.01] } },
      path: "target.image.1",
      code: wrong,
    },
    {
      name: "a bearing to nowhere",
      message: { ...track, target: { bearing: [0, 0, 0] } },
      path: "target.bearing",
      code: wrong,
    },
    {
      name: "a nod with a target",
      message: { ...nod, target: track.target },
      path: "",
      code: wrong,
    },
    {
      name: "a look at nothing",
      message: { ...nod, action: "look-at" },
      path: "",
      code: wrong,
    },
    {
      name: "a look at what is predicted",
      message: { ...nod, action: "look-at", target: { predicted: true } },
      path: "target",
      code: wrong,
    },
    { name: "a dance", message: { ...nod, action: "dance" }, path: "action", code: wrong },
    {
      name: "half a mode",
      message: { ...head, kind: "mode", mode: "stopping" },
      path: "mode",
      code: wrong,
    },
    { name: "no type", message: {}, path: "type", code: "control/unknown-type" },
    { name: "type 5", message: { type: 5 }, path: "type", code: "control/unknown-type" },
    {
      name: "type toString",
      message: { type: "toString" },
      path: "type",
      code: "control/unknown-type",
    },
  ])("$name is refused at $path", ({ message, path, code }) => {
    const parsed = parseClientMessage(JSON.stringify(message));
    expect(parsed).toMatchObject({ ok: false, problem: { code, path } });
  });

  it.each(["", "{", "null", "5", '"hello"', "[]", "NaN", "{}{}"])("%j is malformed", (text) => {
    const parsed = parseClientMessage(text);
    expect(parsed).toMatchObject({ ok: false, problem: { code: "control/malformed" } });
  });

  it("refuses a number that JSON lets overflow", () => {
    const text = JSON.stringify(velocity).replace("0.5", "1e999");
    expect(parseClientMessage(text)).toMatchObject({
      ok: false,
      problem: { path: "velRadPerS.yaw" },
    });
  });
});

describe("what the sender is told", () => {
  it("says of a missing ttl what to put there, why, and which request it was", () => {
    expect(parseClientMessage(JSON.stringify(without(velocity, "ttlMs")))).toEqual({
      ok: false,
      problem: {
        code: "control/message",
        id: 1,
        path: "ttlMs",
        found: "missing",
        expected: "a number of ms from 1 to 5000",
        message:
          "ttlMs is missing, expected a number of ms from 1 to 5000; what keeps moving expires, so that a lost client leaves the device at rest",
      },
    });
  });

  it("names found and expected for a value out of its list", () => {
    expect(parseClientMessage('{"type":"stop","level":"soft"}')).toMatchObject({
      problem: { found: '"soft"', expected: '"hold" or "estop"' },
    });
  });

  it("repeats no more of a sender's text than needed to recognise it", () => {
    const parsed = parseClientMessage(JSON.stringify({ type: "x".repeat(10_000) }));
    expect(parsed.ok).toBe(false);
    expect(JSON.stringify(parsed).length).toBeLessThan(600);
  });
});

describe("stream requests", () => {
  it.each([
    { type: "subscribe", topics: [{ topic: "state" }, { topic: "camera", maxRateHz: 15 }] },
    { type: "unsubscribe", topics: ["camera.predicted"] },
  ])("%j is right", (message) => {
    expect(parseStreamRequest(JSON.stringify(message))).toEqual({ ok: true, message });
  });

  it.each([
    { type: "subscribe", topics: [] },
    { type: "subscribe", topics: [{ topic: "secrets" }] },
    { type: "subscribe", topics: [{ topic: "state", maxRateHz: 0 }] },
    { type: "subscribe", topics: ["state"] },
    { type: "unsubscribe", topics: [{ topic: "state" }] },
    velocity,
  ])("%j is not", (message) => {
    expect(parseStreamRequest(JSON.stringify(message)).ok).toBe(false);
  });
});
