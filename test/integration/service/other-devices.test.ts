import { expect, it } from "vitest";
import { WebSocket } from "ws";
import { connectControl, connectStream } from "../../../bridge/client/index.ts";
import { loadConfig } from "../../../bridge/config.ts";
import { silentLog } from "../../../bridge/contract/log.ts";
import { startBridge, type Bridge } from "../../../bridge/start.ts";
import { StateRecorder } from "../../fakes/state-recorder.ts";

/** The whole service for a shipped profile that the embedded model was not made for. */
async function startWith(flags: Record<string, unknown>): Promise<Bridge> {
  const { config } = loadConfig({ flags: { "http.port": 0, "ros.transport": "off", ...flags } });
  const { signal } = new AbortController();
  return await startBridge(config, { log: silentLog, version: "test", signal });
}

it.each([
  ["pan-tilt-dynamixel", "loopback", "pan"],
  ["pan-tilt-dynamixel", "simulator", "tilt"],
  ["so101-arm", "simulator", "wrist_roll"],
  ["sbgc-3axis", "simulator", "yaw"],
  ["mavlink-gimbal", "loopback", "pitch"],
  ["ros2-control", "loopback", "pan"],
])(
  "%s on %s is predicted, moves and stops when its client falls silent",
  async (profile, driver, axis) => {
    await using bridge = await startWith({ "device.profile": profile, "device.driver": driver });
    const device = bridge.device.id;
    const index = bridge.device.axes.findIndex(({ name }) => name === axis);
    const control = await connectControl(bridge.url, {
      role: "controller",
      client: "test",
      WebSocket,
    });
    const stream = connectStream(bridge.url, [{ topic: "prediction" }], { WebSocket });
    const predicted = new Promise((resolve) => {
      stream.on("prediction", resolve);
    });
    const recorder = await StateRecorder.open(bridge.url);
    const lease = await control.acquire(device);
    const velocity = lease.velocity();
    velocity.set({ [axis]: 0.3 });
    await recorder.until(() => Math.abs(recorder.last.velRadPerS[index]!) > 0.15);
    velocity.stop();
    await recorder.until(() => Math.abs(recorder.last.velRadPerS[index]!) < 0.02);
    await predicted;

    const health = bridge.snapshot();
    expect(health.model).toMatchObject({ id: "setpoint-follower", family: "analytic" });
    expect(health.model.axisNames).toEqual(bridge.device.axes.map(({ name }) => name));
    expect(health.model.engine.fallbackReasons).toEqual([
      expect.stringContaining("is made for joints deploy, yaw, roll, pitch"),
    ]);
    expect(health.faults).toEqual([]);
    control.close();
    stream.close();
    recorder.close();
  },
);

it("serves by the follower where it is asked for, also where a model would fit", async () => {
  await using bridge = await startWith({ "model.package": "setpoint-follower" });
  expect(bridge.snapshot().model).toMatchObject({ id: "setpoint-follower" });
  await expect(
    bridge.reload(loadConfig({ flags: { "model.package": "./mine" } }).config),
  ).rejects.toThrow(/start with model.package/);
});

it("refuses a package that was made for another device, and says what would do", async () => {
  await expect(
    startWith({
      "device.profile": "pan-tilt-dynamixel",
      "device.driver": "loopback",
      "model.package": "models/embedded",
    }),
  ).rejects.toThrow(/pantilt0 has pan, tilt: expected .* model.package: setpoint-follower/);
});
