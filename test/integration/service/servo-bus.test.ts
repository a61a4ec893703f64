import { afterEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import {
  connectControl,
  type ControlClient,
  type EventMessage,
  type LeaseHandle,
} from "../../../bridge/client/index.ts";
import { until } from "../../fakes/control-rig.ts";
import { hasSocat, openPtyPair } from "../../fakes/pty-pair.ts";
import { ServiceProcess } from "../../setup/service-process.ts";
import { hasServos, ServoProcess, type ServoReport } from "../../setup/servo-process.ts";

// The whole service in one process, servos in Python in another, a terminal between them, and a client.

const opened: (() => PromiseLike<void> | void)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

const subjects = [
  { make: "dynamixel", profile: "pan-tilt-dynamixel", device: "pantilt0", axis: "pan", count: 2 },
  { make: "feetech", profile: "so101-arm", device: "arm0", axis: "shoulder_pan", count: 6 },
] as const;
type Subject = (typeof subjects)[number];

const middle = 2048;
/** 0.02 rad, in ticks. */
const stillTicks = 13;
const velocityRadPerS = 0.6;
const ticksPerRad = 4096 / (2 * Math.PI);

interface Scene {
  readonly service: ServiceProcess;
  readonly url: string;
  readonly control: ControlClient;
  readonly lease: LeaseHandle;
  readonly events: EventMessage[];
  readonly mode: () => string | undefined;
}

async function serve({ profile, device }: Subject, port: string): Promise<Scene> {
  const service = ServiceProcess.start({
    environment: {
      KAIROS_ROS_TRANSPORT: "off",
      KAIROS_DEVICE_PROFILE: profile,
      KAIROS_DEVICE_DRIVER: "profile",
      KAIROS_DEVICE_PORT: port,
      KAIROS_DEVICE_BAUD_RATE: "1000000",
    },
  });
  opened.push(() => service[Symbol.asyncDispose]());
  const url = await service.url();
  const control = await connectControl(url, { role: "controller", client: "test", WebSocket });
  opened.push(() => {
    control.close();
  });
  const events: EventMessage[] = [];
  control.on("event", (event) => events.push(event));
  const mode = (): string | undefined => control.state(device)?.mode;
  await until(() => mode() === "active", "active");
  const lease = await control.acquire(device);
  return { service, url, control, lease, events, mode };
}

async function plug({ make }: Subject, port: string, ticks: readonly number[]) {
  const servos = await ServoProcess.start(make, port, ticks);
  opened.push(() => servos[Symbol.asyncDispose]());
  return servos;
}

async function layCable() {
  const cable = await openPtyPair();
  opened.push(() => cable[Symbol.asyncDispose]());
  return cable;
}

/** The first servo moves; the velocity is said again and again, until what is given is called. */
async function move(scene: Scene, { axis }: Subject, servos: ServoProcess): Promise<() => void> {
  const velocity = scene.lease.velocity();
  velocity.set({ [axis]: velocityRadPerS });
  await servos.until(({ ticks }) => ticks[0]! > middle + 60, "its first servo moving");
  return () => {
    velocity.close();
  };
}

async function reasonsOf({ url }: Scene): Promise<string> {
  const response = await fetch(`${url}/healthz`);
  const { reasons } = (await response.json()) as { readonly reasons: readonly string[] };
  return reasons.join("; ");
}

function expectStill(reports: readonly ServoReport[], ticks: readonly number[]): void {
  for (const report of reports) {
    for (const [index, tick] of report.ticks.entries()) {
      expect(Math.abs(tick - ticks[index]!), `servo ${index + 1}`).toBeLessThan(stillTicks);
    }
  }
}

const isHere = hasSocat && hasServos;

describe.skipIf(!isHere).each(subjects)(
  `$make servos behind the whole service${isHere ? "" : " (socat or python3-serial is missing)"}`,
  (subject) => {
    const atRest = new Array<number>(subject.count).fill(middle);

    it("killed while they move: fault with the reason, stop; back: nothing moves before a reset", async () => {
      const cable = await layCable();
      const before = await plug(subject, cable.far, atRest);
      const scene = await serve(subject, cable.near);
      const letGo = await move(scene, subject, before);
      await before.kill();

      await until(() => scene.mode() === "fault", "fault");
      const told = scene.events.map(({ reason }) => reason).join("\n");
      expect(told).toMatch(/no answer from servo \d .*for 250 ms/);
      await expect.poll(() => reasonsOf(scene)).toContain("actuation is in fault");
      const refused = await scene.lease
        .position({ [subject.axis]: 0 })
        .catch(() => ({ result: "refused" }));
      expect(["rejected", "refused"]).toContain(refused.result);

      const stoodAt = before.newest!.ticks;
      const after = await plug(subject, cable.far, stoodAt);
      await after.until(({ torque }) => torque.every((on) => on === 1), "power");
      expectStill(await after.watch(700), stoodAt);
      expect(scene.mode()).toBe("fault");

      letGo();
      await expect
        .poll(async () => {
          await scene.control.reset(subject.device);
          return scene.mode();
        })
        .toBe("active");
      expectStill(await after.watch(300), stoodAt);
      const lease = await scene.control.acquire(subject.device);
      // Who takes the device stops it first.
      const isTaken = (): boolean =>
        (scene.events.at(-1)?.reason ?? "").startsWith("active: acquired");
      await until(isTaken, "active for who acquired it");
      const { result, reason } = await lease.position({ [subject.axis]: -0.3 });
      expect(`${result}: ${reason}`).toMatch(/^completed/);
      const goal = middle - 0.3 * ticksPerRad;
      await after.until(({ ticks }) => Math.abs(ticks[0]! - goal) < stillTicks, "its goal");
    }, 60_000);

    it("the service killed while they move: nothing is written any more, they stand, powered", async () => {
      const cable = await layCable();
      const servos = await plug(subject, cable.far, atRest);
      const scene = await serve(subject, cable.near);
      await move(scene, subject, servos);
      const hasWatchdog = subject.make === "dynamixel";
      expect(servos.newest!.watchdog).toEqual(atRest.map(() => (hasWatchdog ? 10 : 0)));

      await scene.service.stop("SIGKILL");
      const atDeath = servos.newest!;
      await servos.watch(500);
      const rested = servos.newest!;
      // At most the motion between two ticks, and a servo's lag behind them, was still on its way.
      expect(rested.ticks[0]! - atDeath.ticks[0]!).toBeLessThan(
        0.25 * velocityRadPerS * ticksPerRad,
      );
      expectStill(await servos.watch(500), rested.ticks);
      expect(servos.newest!.packetCount).toBe(rested.packetCount);
      expect(servos.newest!.torque).toEqual(atRest.map(() => 1));
      expect(servos.newest!.watchdog).toEqual(atRest.map(() => (hasWatchdog ? 255 : 0)));

      // The next service finds them where they stand, clears what went off, and moves nothing by itself.
      const next = await serve(subject, cable.near);
      expectStill(await servos.watch(500), rested.ticks);
      expect((await next.lease.position({ [subject.axis]: 0 })).result).toBe("completed");
      await servos.until(({ ticks }) => Math.abs(ticks[0]! - middle) < stillTicks, "its goal");
      expect(servos.newest!.watchdog).toEqual(atRest.map(() => (hasWatchdog ? 10 : 0)));
    }, 60_000);
  },
);
