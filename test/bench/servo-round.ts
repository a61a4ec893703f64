import { spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { monotonicMs } from "../../bridge/contract/clock.ts";
import { SampleRing } from "../../bridge/contract/sample-ring.ts";
import type { DeviceDescription } from "../../bridge/contract/device.ts";
import { roundMs } from "../../devices/drivers/servo-bus/bus-time.ts";
import { FeetechFamily } from "../../devices/drivers/feetech/feetech-family.ts";
import { openFeetechDriver } from "../../devices/drivers/feetech/feetech-driver.ts";
import { FeetechSettings } from "../../devices/drivers/feetech/feetech-schema.ts";
import { openTtyPort } from "../../devices/drivers/serial/tty-port.ts";
import { openPtyPair } from "../fakes/pty-pair.ts";

// How long a round of goals and answers takes over a pseudo-terminal, beside the time the same bytes
// take on a real wire at 1 Mbaud: `node dist/test/bench/servo-round.js`. The responder is a process of
// its own; a pseudo-terminal has no baud rate, so what is measured is what comes on top of the wire.

const [, , role, port] = process.argv;
if (role === "respond" && port !== undefined) await respond(port);
else await measure();

async function respond(path: string): Promise<void> {
  const { FeetechServos } = await import("../fakes/servos/feetech-servos.ts");
  const { SimulatedServo } = await import("../fakes/servos/simulated-servo.ts");
  const servos = Array.from({ length: 12 }, (_, index) => new SimulatedServo(index + 1, 2048));
  const bus = new FeetechServos(servos);
  bus.step(1);
  const line = await openTtyPort(
    { path, baudRate: 1_000_000 },
    {
      onBytes: (bytes, length) => {
        bus.receive([...bytes.subarray(0, length)]);
      },
      onClosed: () => process.exit(0),
    },
  );
  bus.answer = (packet) => {
    line.write(Uint8Array.from(packet), packet.length);
  };
  process.stdout.write("ready\n");
}

async function measure(): Promise<void> {
  for (const servoCount of [1, 2, 6, 12]) {
    await using cable = await openPtyPair();
    const script = process.argv[1] ?? "";
    const responder = spawn(process.execPath, [script, "respond", cable.far]);
    await once(responder.stdout, "data");
    const rounds = await rounded(cable.near, servoCount);
    responder.kill();
    rounds.sort((a, b) => a - b);
    const at = (share: number): string =>
      (rounds[Math.floor(share * rounds.length)] ?? 0).toFixed(3);
    const options = { servoCount, baudRate: 1_000_000, returnDelayMs: 0 };
    const wire = roundMs(new FeetechFamily("sts3215"), options).toFixed(3);
    process.stdout.write(
      `${servoCount} servos: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms over ${rounds.length} rounds; wire at 1 Mbaud ${wire} ms\n`,
    );
  }
}

/** From a tick's packets to the row in the ring, ms. */
async function rounded(path: string, servoCount: number): Promise<number[]> {
  const axes = Array.from({ length: servoCount }, (_, index) => ({
    name: `axis${index}`,
    lowerRad: -1,
    upperRad: 1,
    maxVelocityRadPerS: 2,
    maxAccelerationRadPerS2: 8,
    maxJerkRadPerS3: 80,
    maxEffortNm: 1,
    provenance: "assumed" as const,
  }));
  const device = { axes, homeRad: axes.map(() => 0) } as unknown as DeviceDescription;
  const settings = FeetechSettings.parse({
    port: path,
    axes: Object.fromEntries(axes.map(({ name }, index) => [name, { id: index + 1 }])),
  });
  const telemetry = SampleRing.create({ capacity: 64, width: 3 * servoCount });
  await using driver = openFeetechDriver(settings, device, telemetry);
  const zero = new Float64Array(servoCount);
  const joints = {
    stampMs: 0,
    posRad: zero.slice(),
    velRadPerS: zero.slice(),
    effortNm: zero.slice(),
  };
  const found: number[] = [];
  let count = 0;
  for (let tick = 0; tick < 2500; tick += 1) {
    driver.readTelemetry(joints);
    const askedMs = monotonicMs();
    driver.writeSetpoint({ stampMs: askedMs, posRad: zero, velRadPerS: zero });
    count = telemetry.count;
    while (telemetry.count === count && monotonicMs() - askedMs < 20) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (telemetry.count > count && tick > 300) found.push(monotonicMs() - askedMs);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  return found;
}
