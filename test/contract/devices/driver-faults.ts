import { describe, expect, it } from "vitest";
import { ActuationMode } from "../../../bridge/contract/actuation.ts";
import { DriverLink } from "../../../bridge/contract/actuator-driver.ts";
import { Actuated, movedAxis, poseWith, roomFor } from "./driver-harness.ts";
import type { DriverRig, DriverUnderTest, FarEnd, Garble } from "./driver-rig.ts";

/** A link without telemetry counts as lost after 500 ms; then the axis brakes. */
const lossMs = 1500;
const stillRad = 0.003;

interface Trouble {
  readonly name: string;
  /** Undefined: this device cannot have it. */
  begin(far: FarEnd): (() => void) | undefined;
  end(far: FarEnd): void;
}

const garbled = (how: Garble): Trouble => ({
  name: `answers spoiled: ${how}`,
  begin: ({ garble }) => {
    if (garble === undefined) return undefined;
    return () => {
      garble(how);
    };
  },
  end: (far) => far.clean?.(),
});

/** Everything after which a moving device has to be at rest, and somebody told why. */
const cuts: readonly Trouble[] = [
  {
    name: "frozen",
    begin: ({ freeze }) => freeze,
    end: (far) => far.thaw?.(),
  },
  {
    name: "unplugged",
    begin: ({ unplug }) => unplug,
    end: (far) => far.replug?.(),
  },
  garbled("noise"),
  garbled("flip"),
  garbled("half"),
];

/** The actuation over a driver whose device fails in every way it can: at rest in the end, and told why. */
export function describeDriverFaults(subject: DriverUnderTest): void {
  const { name, resolutionRad = 1e-6, settleMs = 2000 } = subject;
  const still = stillRad + 2 * resolutionRad;

  async function openMoving(rig: DriverRig): Promise<{ run: Actuated; axis: number }> {
    const run = new Actuated(rig);
    expect(await run.runUntil(() => run.mode === ActuationMode.Active, settleMs)).toBe(true);
    const axis = movedAxis(rig.device);
    run.push(axis, 0.3, 5000);
    await run.run(200);
    expect(run.moving).toBe(true);
    return { run, axis };
  }

  async function expectAtRest(run: Actuated): Promise<void> {
    const before = [...run.rig.far.posRad()];
    await run.run(300);
    for (const [index, pos] of run.rig.far.posRad().entries()) {
      expect(Math.abs(pos - before[index]!), `axis ${index} still moves`).toBeLessThan(still);
    }
  }

  describe(`the driver ${name} in trouble`, () => {
    it.for(cuts)(
      "moving and then $name: at rest, in fault, with the reason",
      async (trouble, context) => {
        await using rig = await subject.open();
        const begin = trouble.begin(rig.far);
        if (begin === undefined) {
          context.skip(`it cannot be ${trouble.name}`);
          return;
        }
        const { run } = await openMoving(rig);
        begin();
        expect(await run.runUntil(() => run.mode === ActuationMode.Fault, lossMs + settleMs)).toBe(
          true,
        );
        expect(run.ended(1)).toMatch(/^interrupted: \S/);
        expect(run.reasons()).not.toBe("");
        await run.run(500);
        await expectAtRest(run);
        trouble.end(rig.far);
      },
    );

    it.for(cuts)(
      "back after being $name: nothing moves before a reset and a new command",
      async (trouble, context) => {
        await using rig = await subject.open();
        const begin = trouble.begin(rig.far);
        if (begin === undefined) {
          context.skip(`it cannot be ${trouble.name}`);
          return;
        }
        const { run, axis } = await openMoving(rig);
        begin();
        await run.runUntil(() => run.mode === ActuationMode.Fault, lossMs + settleMs);
        await run.run(500);
        const where = [...rig.far.posRad()];
        trouble.end(rig.far);
        const isBack = (): boolean => rig.driver.health.link === DriverLink.Up;
        expect(await run.runUntil(isBack, 5000)).toBe(true);
        await run.run(500);
        for (const [index, pos] of rig.far.posRad().entries()) {
          expect(Math.abs(pos - where[index]!), `axis ${index} moved by itself`).toBeLessThan(
            still,
          );
        }
        run.send({ kind: "reset" });
        await run.run(500);
        expect(run.mode).toBe(ActuationMode.Active);
        for (const [index, pos] of rig.far.posRad().entries()) {
          expect(Math.abs(pos - where[index]!), `axis ${index} moved on reset`).toBeLessThan(still);
        }
        const pose = poseWith(rig.device, axis, roomFor(rig.device, axis, 1) / 2);
        const id = run.moveTo(pose);
        expect(await run.runUntil(() => run.ended(id) !== undefined, 5000)).toBe(true);
        expect(run.ended(id)).toMatch(/^completed/);
      },
    );

    it("some spoiled answers are passed over and counted, and the motion is completed", async (context) => {
      await using rig = await subject.open();
      if (rig.far.garble === undefined) {
        context.skip("it has no frames to spoil");
        return;
      }
      const run = new Actuated(rig);
      await run.runUntil(() => run.mode === ActuationMode.Active, settleMs);
      rig.far.garble("some");
      const axis = movedAxis(rig.device);
      const id = run.moveTo(poseWith(rig.device, axis, roomFor(rig.device, axis, 1)));
      expect(await run.runUntil(() => run.ended(id) !== undefined, 5000)).toBe(true);
      expect(run.ended(id)).toMatch(/^completed/);
      await run.run(500);
      const counted = Object.values(rig.driver.health.counters).reduce((sum, n) => sum + n, 0);
      expect(counted).toBeGreaterThan(0);
    });

    it("a slow device is still driven", async (context) => {
      await using rig = await subject.open();
      if (rig.far.delay === undefined) {
        context.skip("nothing delays it");
        return;
      }
      const run = new Actuated(rig);
      await run.runUntil(() => run.mode === ActuationMode.Active, settleMs);
      rig.far.delay(100);
      const axis = movedAxis(rig.device);
      const id = run.moveTo(poseWith(rig.device, axis, roomFor(rig.device, axis, 1)));
      expect(await run.runUntil(() => run.ended(id) !== undefined, 8000)).toBe(true);
      expect(run.ended(id)).toMatch(/^completed/);
    });

    it("an answer under another identity is none: fault, at rest", async (context) => {
      await using rig = await subject.open();
      if (rig.far.answerAsOther === undefined) {
        context.skip("there is no identity on this link");
        return;
      }
      const { run } = await openMoving(rig);
      rig.far.answerAsOther();
      expect(await run.runUntil(() => run.mode === ActuationMode.Fault, lossMs + settleMs)).toBe(
        true,
      );
      expect(rig.driver.health.link).not.toBe(DriverLink.Up);
      await run.run(500);
      await expectAtRest(run);
    });

    it("another device on the line disturbs nothing", async (context) => {
      await using rig = await subject.open();
      if (rig.far.chatter === undefined) {
        context.skip("the line has one device");
        return;
      }
      rig.far.chatter();
      const run = new Actuated(rig);
      await run.runUntil(() => run.mode === ActuationMode.Active, settleMs);
      const axis = movedAxis(rig.device);
      const pose = poseWith(rig.device, axis, roomFor(rig.device, axis, 1));
      const id = run.moveTo(pose);
      expect(await run.runUntil(() => run.ended(id) !== undefined, 5000)).toBe(true);
      expect(run.ended(id)).toMatch(/^completed/);
      await run.run(settleMs / 2);
      expect(rig.far.posRad()[axis]).toBeCloseTo(pose[axis]!, 2);
      expect(rig.driver.health.link).toBe(DriverLink.Up);
    });

    it("a fault of the device's own stops it and is told in its words", async (context) => {
      await using rig = await subject.open();
      if (rig.far.fail === undefined) {
        context.skip("the device reports no faults");
        return;
      }
      const { run } = await openMoving(rig);
      const { expected } = rig.far.fail();
      expect(await run.runUntil(() => run.mode === ActuationMode.Fault, lossMs + settleMs)).toBe(
        true,
      );
      expect(rig.driver.health.link).toBe(DriverLink.Fault);
      expect(rig.driver.health.reason).toContain(expected);
      expect(run.reasons()).toContain(expected);
      await run.run(500);
      await expectAtRest(run);
    });

    it("an expired velocity ends once: to rest, and no command moves it after that", async () => {
      await using rig = await subject.open();
      const run = new Actuated(rig);
      await run.runUntil(() => run.mode === ActuationMode.Active, settleMs);
      const axis = movedAxis(rig.device);
      rig.far.takeCommands();
      const id = run.push(axis, 0.3, 300);
      await run.runUntil(() => run.ended(id) !== undefined && !run.moving, 3000);
      expect(run.ended(id)).toMatch(/^expired/);
      await run.run(1000);
      const told = rig.far.takeCommands().map((command) => command[axis]!);
      const turns = told.flatMap((pos, index) => {
        const moved = index > 0 && Math.abs(pos - told[index - 1]!) > resolutionRad / 2;
        return moved ? [index] : [];
      });
      expect(turns.length).toBeGreaterThan(0);
      // All that moved it came before the rest: one end, and everything after it says the same.
      const last = told.at(-1)!;
      const end = turns.at(-1)!;
      for (const pos of told.slice(end)) expect(pos).toBeCloseTo(last, 6);
      await expectAtRest(run);
      expect(rig.far.posRad()[axis]).toBeCloseTo(last, 2);
    });

    it("a silent main thread: at rest, and nothing resumes when it is back", async () => {
      await using rig = await subject.open();
      const { run } = await openMoving(rig);
      run.isMainAlive = false;
      await run.run(1500);
      expect(run.reasons()).toContain("main-stalled");
      await expectAtRest(run);
      run.isMainAlive = true;
      await expectAtRest(run);
      expect(run.mode).toBe(ActuationMode.Active);
    });

    it.each(["hold", "estop"] as const)("a stop (%s) while moving: at rest", async (level) => {
      await using rig = await subject.open();
      const { run } = await openMoving(rig);
      run.send({ kind: "stop", level, reason: "button" });
      const then = level === "hold" ? ActuationMode.Active : ActuationMode.Latched;
      expect(await run.runUntil(() => run.mode === then, 3000)).toBe(true);
      await run.run(settleMs / 2);
      await expectAtRest(run);
    });

    it("disposed while moving: at rest", async () => {
      await using rig = await subject.open();
      const { run } = await openMoving(rig);
      run.retire("closing");
      await run.runUntil(() => !run.moving, 1000);
      rig.driver.stop();
      await rig.driver[Symbol.asyncDispose]();
      await rig.pass(settleMs);
      const before = [...rig.far.posRad()];
      await rig.pass(300);
      for (const [index, pos] of rig.far.posRad().entries()) {
        expect(pos).toBeCloseTo(before[index]!, 6);
      }
    });
  });
}
