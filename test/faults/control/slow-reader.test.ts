import { expect, it } from "vitest";
import { SlowReader } from "../../fakes/slow-reader.ts";
import { openControlRig } from "../../fakes/control-rig.ts";

const periodMs = 10;
/** 600 numbers, some 6 kB a message: 600 kB/s. */
const posRad = Array.from({ length: 600 }, (_, index) => Math.sin(index));

/** Publishes states as a busy service would, for a while. */
async function publish(rig: Awaited<ReturnType<typeof openControlRig>>, count: number) {
  const state = { device: "d", velRadPerS: [], setpointRad: [] };
  for (let stampMs = 0; stampMs < count; stampMs += 1) {
    rig.server.stream.publish("state", { ...state, stampMs, posRad });
    await new Promise((resolve) => setTimeout(resolve, periodMs));
  }
}

it("a client on a slow line stays, gets what is new, and is told what it lost", async () => {
  // Pongs wait behind what was sent before: they come in time only if that is little.
  await using rig = await openControlRig({ limits: { pingMs: 500, pongMs: 3000 } });
  const slow = new SlowReader(rig.server.url, ["state"], 60_000);
  await expect.poll(() => slow.texts.length, { timeout: 5000 }).toBeGreaterThan(0);
  await publish(rig, 600);

  const stamps = slow.texts
    .map((text) => JSON.parse(text) as { data?: { stampMs: number } })
    .flatMap(({ data }) => (data === undefined ? [] : [data.stampMs]));
  expect(slow.closed).toBe(false);
  // It took 60 of 600 kB/s; what it has got is at most as old as what fits on its way.
  expect(stamps.length).toBeLessThan(120);
  expect(stamps.at(-1)).toBeGreaterThan(200);
  expect(stamps).toEqual([...stamps].sort((a, b) => a - b));
  expect(slow.toldLost).toBeGreaterThan(100);
  const { topics } = rig.server.stats().stream;
  expect(topics.find(({ topic }) => topic === "state")!.lostCount).toBeGreaterThan(300);
  slow.close();
});
