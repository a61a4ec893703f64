import { describe, expect, it } from "vitest";
import { Thread } from "../../../bridge/contract/heartbeats.ts";
import { monotonicMs } from "../../../bridge/contract/clock.ts";
import { ActuationLoop } from "../../../devices/actuation/actuation-loop.ts";
import { Rig } from "./rig.ts";

/** The rig's controller in a real loop: its device is heard and main is alive for an hour. */
function startLoop(): { rig: Rig; loop: ActuationLoop } {
  const rig = new Rig();
  rig.heartbeats.beat(Thread.Main, monotonicMs() + 3_600_000);
  rig.driver.stampNow = monotonicMs;
  const { controller, driver } = rig;
  return { rig, loop: new ActuationLoop({ controller, driver, periodMs: 5 }) };
}

async function turning(rig: Rig, loop: ActuationLoop): Promise<void> {
  while (rig.driver.writeCount === 0) await sleep(5);
  loop.accept({
    kind: "velocity",
    commandId: 1,
    velRadPerS: [null, 1, null, null],
    expiresAtMs: monotonicMs() + 4000,
  });
  while (Math.abs(rig.velRadPerS[1]! - 1) > 1e-6) await sleep(5);
}
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe("the loop", () => {
  it("closes with the device braked and told to stop", async () => {
    const { rig, loop } = startLoop();
    await turning(rig, loop);
    expect(await loop.close()).toBeUndefined();
    expect(rig.velRadPerS).toEqual([0, 0, 0, 0]);
    expect(rig.driver.stopCount).toBeGreaterThanOrEqual(1);
    const ended = rig.driver.writeCount;
    await sleep(50);
    expect(rig.driver.writeCount).toBe(ended);
  });

  it("brakes after an error from outside the tick, and then says what it was", async () => {
    const { rig, loop } = startLoop();
    await turning(rig, loop);
    loop.fail(new Error("socket broke"));
    expect(await loop.ended).toMatchObject({ message: "socket broke" });
    expect(rig.velRadPerS).toEqual([0, 0, 0, 0]);
    expect(rig.driver.stopCount).toBeGreaterThanOrEqual(1);
  });

  it("brakes if one tick fails and the next ones do not", async () => {
    const { rig, loop } = startLoop();
    await turning(rig, loop);
    rig.driver.failWith = new Error("one bad write");
    const { writeCount } = rig.driver;
    rig.driver.onFail = () => (rig.driver.failWith = undefined);
    expect(await loop.ended).toMatchObject({ message: "one bad write" });
    expect(rig.driver.writeCount).toBeGreaterThan(writeCount + 10);
    expect(rig.velRadPerS).toEqual([0, 0, 0, 0]);
  });

  it("tells the device to stop at once if it cannot even brake", async () => {
    const { rig, loop } = startLoop();
    await turning(rig, loop);
    rig.driver.failWith = new Error("link is gone");
    expect(await loop.ended).toMatchObject({ message: "link is gone" });
    expect(rig.driver.stopCount).toBe(1);
  });
});
