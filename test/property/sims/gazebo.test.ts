import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { JointStateReader } from "../../../sims/gazebo/joint-state-reader.ts";
import { secondsOf } from "../../../sims/gazebo/messages/basic.ts";
import { JointTrajectory, Model } from "../../../sims/gazebo/messages/joints.ts";
import { CameraInfo, Image, Imu } from "../../../sims/gazebo/messages/sensors.ts";
import { WorldControl, WorldStatistics } from "../../../sims/gazebo/messages/world.ts";
import { Discovery } from "../../../sims/gazebo/transport/discovery.ts";
import {
  decodeDiscovery,
  encodeDiscovery,
} from "../../../sims/gazebo/transport/discovery-message.ts";
import { encodeMessage, ZmtpFrameParser } from "../../../sims/gazebo/transport/zmtp-frames.ts";
import {
  greetingProblem,
  parseCommand,
  parseReady,
} from "../../../sims/gazebo/transport/zmtp-handshake.ts";
import { SimTimeMap } from "../../../bridge/core/sim-time-map.ts";

const axisNames = ["deploy", "yaw", "roll", "pitch"];
const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
const time = fc.record({
  sec: fc.integer({ min: 0, max: 1e6 }),
  nsec: fc.integer({ min: 0, max: 999_999_999 }),
});
const joint = fc.record({
  name: fc.oneof(fc.constantFrom(...axisNames), fc.string()),
  id: fc.nat(),
  axis1: fc.option(
    fc.record({ damping: finite, position: finite, velocity: finite, force: finite }),
    { nil: undefined },
  ),
});
const model = fc.record({
  name: fc.string(),
  header: fc.record({ stamp: time }),
  joint: fc.array(joint, { maxLength: 8 }),
});
const codecs = [
  Model,
  JointTrajectory,
  Image,
  CameraInfo,
  Imu,
  WorldControl,
  WorldStatistics,
] as const;

/** Bytes that look like messages: real ones with a few bytes changed, cut or repeated. */
const nearlyModel = fc
  .tuple(model, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }), fc.nat())
  .map(([draft, changes, cut]) => {
    const bytes = Model.encode(draft);
    for (const [at, value] of changes) if (bytes.length > 0) bytes[at % bytes.length] = value;
    return bytes.subarray(0, bytes.length - (cut % (bytes.length + 1)) * (cut % 2));
  });

describe("what arrives from the network", () => {
  it("never throws in a message codec", () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), nearlyModel), (bytes) => {
        for (const codec of codecs) codec.decode(bytes);
        new JointStateReader(axisNames).read(bytes);
        decodeDiscovery(bytes);
      }),
      { numRuns: 3000 },
    );
  });

  it("never throws in ZMTP, and buffers no more than came", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 }), (chunks) => {
        const received = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
        let bodyBytes = 0;
        const parser = new ZmtpFrameParser(64, ({ body, isCommand }) => {
          bodyBytes += body.length;
          const command = isCommand ? parseCommand(body) : undefined;
          if (command !== undefined) parseReady("ROUTER", command);
        });
        for (const chunk of chunks) if (parser.push(chunk) !== undefined) break;
        expect(bodyBytes).toBeLessThanOrEqual(received);
        greetingProblem(Buffer.concat(chunks));
      }),
      { numRuns: 3000 },
    );
  });

  it("never throws in discovery, whose tables stay bounded", () => {
    const advertisement = fc.record({
      topic: fc.string(),
      address: fc.oneof(fc.string(), fc.constant("tcp://127.0.0.1:5555")),
      processUuid: fc.string(),
      nodeUuid: fc.string(),
      scope: fc.nat(4),
    });
    const datagram = fc.oneof(
      fc.uint8Array({ maxLength: 100 }),
      fc
        .record({ type: fc.nat(10), processUuid: fc.string(), topic: fc.string(), advertisement })
        .map((message) => encodeDiscovery(message)),
    );
    fc.assert(
      fc.property(fc.array(datagram, { maxLength: 50 }), (datagrams) => {
        const discovery = new Discovery({
          processUuid: "us",
          address: "127.0.0.1",
          send: () => undefined,
          onAdvertised: ({ address }) => {
            expect(address).toBe("tcp://127.0.0.1:5555");
          },
          onGone: () => undefined,
        });
        datagrams.forEach((bytes, i) => {
          discovery.receive(bytes, "127.0.0.1", i);
          discovery.tick(i * 100);
        });
        expect([...discovery.advertisements()].length).toBeLessThanOrEqual(datagrams.length);
      }),
    );
  });
});

describe("what we send", () => {
  it("comes back from the codec as it was", () => {
    fc.assert(
      fc.property(model, (draft) => {
        const decoded = Model.decode(Model.encode(draft));
        expect(decoded?.name).toBe(draft.name);
        expect(decoded?.joint.map((each) => each.axis1?.position)).toEqual(
          draft.joint.map((each) => each.axis1?.position).map((value) => (value === 0 ? 0 : value)),
        );
      }),
    );
  });

  it("comes back from ZMTP as it was, in whatever chunks it travels", () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 400 }), { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 1, max: 500 }),
        (parts, chunk) => {
          const stream = encodeMessage(parts);
          const bodies: Buffer[] = [];
          const parser = new ZmtpFrameParser(1000, ({ body }) => bodies.push(Buffer.from(body)));
          for (let i = 0; i < stream.length; i += chunk) parser.push(stream.subarray(i, i + chunk));
          expect(bodies).toEqual(parts.map((part) => Buffer.from(part)));
        },
      ),
    );
  });
});

describe("the reader of joint states", () => {
  it("reads what the general codec reads", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          model.map((draft) => Model.encode(draft)),
          nearlyModel,
        ),
        (bytes) => {
          const reader = new JointStateReader(axisNames);
          const outcome = reader.read(bytes);
          const decoded = Model.decode(bytes);
          // It does not look into fields it skips, so damage in one of those is seen by the codec alone.
          if (outcome === "damaged") expect(decoded).toBeUndefined();
          if (decoded === undefined || outcome !== "ok") return;
          expect(reader.stampMs).toBeCloseTo(secondsOf(decoded.header?.stamp) * 1e3, 3);
          axisNames.forEach((name, axis) => {
            const axis1 = decoded.joint
              .filter((each) => each.name === name && each.axis1)
              .at(-1)?.axis1;
            expect(reader.row[axis]).toBe(axis1?.position);
            expect(reader.row[4 + axis]).toBe(axis1?.velocity);
            expect(reader.row[8 + axis]).toBe(axis1?.force);
          });
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe("simulated time on the monotonic clock", () => {
  it("gives rising stamps near the arrival, whatever the world does", () => {
    const event = fc.record({
      simStepMs: fc.double({ min: -1e4, max: 1e4, noNaN: true }),
      wallStepMs: fc.double({ min: 0, max: 2000, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 100 }), (events) => {
        const map = new SimTimeMap();
        let [simMs, wallMs, last] = [0, 1000, Number.NEGATIVE_INFINITY];
        for (const { simStepMs, wallStepMs } of events) {
          simMs += simStepMs;
          wallMs += wallStepMs;
          const stampMs = map.stamp(simMs, wallMs);
          expect(stampMs).toBeGreaterThan(last);
          expect(stampMs).toBeGreaterThanOrEqual(wallMs - 251);
          expect(stampMs).toBeLessThanOrEqual(wallMs + 0.2);
          last = stampMs;
        }
      }),
      { numRuns: 1000 },
    );
  });
});
