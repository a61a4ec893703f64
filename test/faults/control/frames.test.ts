import process from "node:process";
import { describe, expect, it } from "vitest";
import { frame, fuzzFrames, RawFrames, type FuzzReport } from "../../fakes/frame-fuzzer.ts";
import { openControlRig, RawClient, until, type ControlRig } from "../../fakes/control-rig.ts";
import { openPairedRig } from "../../fakes/paired-rig.ts";

const control = { path: "/v1/control", protocol: "kairos.control.v1" };
const text = (content: string): Buffer => Buffer.from(content);
const many = (count: number, opcode: number): Buffer =>
  Buffer.concat(
    Array.from({ length: count }, (_, index) =>
      frame({ payload: text("x"), opcode: index === 0 ? opcode : 0, fin: index === count - 1 }),
    ),
  );

describe("a frame that RFC 6455 forbids closes its own socket with the code for it", () => {
  it.each([
    {
      what: "RSV1 without an extension",
      bytes: frame({ payload: text("{}"), rsv: 4 }),
      code: 1002,
    },
    { what: "RSV3", bytes: frame({ payload: text("{}"), rsv: 1 }), code: 1002 },
    { what: "a reserved opcode", bytes: frame({ payload: text("{}"), opcode: 3 }), code: 1002 },
    {
      what: "a reserved control opcode",
      bytes: frame({ payload: text(""), opcode: 11 }),
      code: 1002,
    },
    { what: "no mask", bytes: frame({ payload: text("{}"), masked: false }), code: 1002 },
    {
      what: "a continuation of nothing",
      bytes: frame({ payload: text("x"), opcode: 0 }),
      code: 1002,
    },
    {
      what: "a new message in the middle of another",
      bytes: Buffer.concat([
        frame({ payload: text("a"), fin: false }),
        frame({ payload: text("b") }),
      ]),
      code: 1002,
    },
    {
      what: "a ping in fragments",
      bytes: frame({ payload: text(""), opcode: 9, fin: false }),
      code: 1002,
    },
    {
      what: "a ping of 126 bytes",
      bytes: frame({ payload: Buffer.alloc(126), opcode: 9 }),
      code: 1002,
    },
    {
      what: "a close code nobody may send",
      bytes: frame({ payload: Buffer.from([0x03, 0xed]), opcode: 8 }),
      code: 1002,
    },
    {
      what: "UTF-8 that is none",
      bytes: frame({ payload: Buffer.from([0xc0, 0x80]) }),
      code: 1007,
    },
    {
      what: "half a UTF-8 character",
      bytes: frame({ payload: Buffer.from([0xe2, 0x82]) }),
      code: 1007,
    },
    {
      what: "a length of 33 KiB",
      bytes: frame({ payload: text(""), lengthBytes: 33n * 1024n }),
      code: 1009,
    },
    {
      what: "a length of 8 EiB",
      bytes: frame({ payload: text(""), lengthBytes: 1n << 63n }),
      code: 1009,
    },
    { what: "nine fragments", bytes: many(9, 1), code: 1008 },
  ])("$what: $code", async ({ bytes, code }) => {
    await using rig = await openControlRig();
    const bystander = await RawClient.greeted(rig.server, "viewer");
    const raw = await RawFrames.open({ ...control, port: rig.server.port });
    raw.send(bytes);
    await raw.ended;
    expect(raw.closeCode).toBe(code);
    bystander.say({ type: "sync", t0Ms: 1 });
    await bystander.next("sync");
    expect(rig.actuation.kinds).toEqual([]);
  });

  it("eight fragments are still one message", async () => {
    await using rig = await openControlRig();
    const raw = await RawFrames.open({ ...control, port: rig.server.port });
    raw.send(many(8, 1));
    raw.send(frame({ payload: text(""), opcode: 9 }));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(raw.closeCode).toBe(0);
    await raw.drop();
  });
});

const lease = { epoch: "none", sequence: 1 };
const head = { type: "command", id: 1, seq: 1, device: "mount0", lease };
/** Everything but a stop: that is anybody's right, and it moves nothing. */
const messages = [
  {
    type: "hello",
    protocol: control.protocol,
    role: "controller",
    client: "fuzz",
    token: "kb1.a.b",
  },
  { type: "checkin" },
  { type: "sync", t0Ms: 12.5, previous: { t0Ms: 1, t1Ms: 2, t2Ms: 3, t3Ms: 4 } },
  { type: "lease.acquire", id: 2, device: "mount0" },
  { type: "lease.take", id: 3, device: "mount0" },
  { type: "lease.return", id: 4, device: "mount0", lease },
  { ...head, kind: "velocity", velRadPerS: { yaw: 0.5 }, ttlMs: 200 },
  { ...head, kind: "position", posRad: { yaw: 0.5 } },
  { type: "model.use", id: 5, path: "/etc/passwd" },
  { type: "subscribe", topics: [{ topic: "state", maxRateHz: 10 }] },
].map((message) => JSON.stringify(message));

const frameCount = Number(process.env["KAIROS_FUZZ_FRAMES"] ?? 4000);
const lanes = 8;

/** Half before anybody is known, half as a viewer: neither may ever move the device. */
async function fuzz(
  rig: ControlRig,
  hello: string | undefined,
  count: number,
): Promise<FuzzReport> {
  const report: FuzzReport = { frameCount: 0, connectionCount: 0, closeCodes: new Map() };
  await Promise.all(
    Array.from({ length: lanes }, async (_, lane) => {
      const isStream = lane % 4 === 3;
      const options = {
        path: isStream ? "/v1/stream" : control.path,
        protocol: isStream ? "kairos.stream.v1" : control.protocol,
        port: rig.server.port,
        messages,
        seed: lane + 1,
        ...(hello === undefined || isStream ? {} : { hello }),
      };
      await fuzzFrames(options, Math.ceil(count / lanes), report);
    }),
  );
  return report;
}

const usedMiB = (): number => {
  globalThis.gc?.();
  return process.memoryUsage().rss / 2 ** 20;
};

it.each([
  { who: "a stranger at a server that asks for tokens", hello: undefined, open: openPairedRig },
  {
    who: "a viewer",
    hello: JSON.stringify({
      type: "hello",
      protocol: control.protocol,
      role: "viewer",
      client: "v",
    }),
    open: openControlRig,
  },
])(
  `${frameCount / 2} bent frames of $who move nothing, leave nothing, and the service goes on`,
  async ({ hello, open }) => {
    await using rig = await open();
    await fuzz(rig, hello, Math.min(1000, frameCount / 4));
    const beforeMiB = usedMiB();
    const report = await fuzz(rig, hello, frameCount / 2);
    await until(() => rig.server.stats().connectionCount === 0, "all connections to be gone");
    const grownMiB = usedMiB() - beforeMiB;
    expect(report.frameCount).toBeGreaterThanOrEqual(frameCount / 2);
    expect(rig.actuation.kinds.filter((kind) => !kind.startsWith("stop"))).toEqual([]);
    expect(rig.server.stats()).toMatchObject({ sessionCount: 0, controlSocketCount: 0 });
    expect(rig.server.stats().stream.clientCount).toBe(0);
    expect((await fetch(`${rig.server.url}/healthz`)).status).toBe(200);
    // Each kind of refusal was met: protocol, text, policy, size.
    expect([...report.closeCodes.keys()]).toEqual(expect.arrayContaining([1002, 1009]));
    // Without --expose-gc garbage counts too; a leak of a frame each would be far more.
    expect(grownMiB).toBeLessThan(200);
    if (process.env["KAIROS_FUZZ_FRAMES"] !== undefined) {
      const codes = JSON.stringify([...report.closeCodes].sort(([a], [b]) => a - b));
      const { connectionCount } = report;
      process.stdout.write(
        `${report.frameCount} frames, ${connectionCount} connections, ${codes}, `,
      );
      process.stdout.write(
        `rss ${beforeMiB.toFixed(0)} MiB ${grownMiB >= 0 ? "+" : ""}${grownMiB.toFixed(0)}\n`,
      );
    }
  },
  600_000,
);
