import { WebSocket } from "ws";
import { expect, it } from "vitest";
import { connectControl, connectStream } from "../../bridge/client/index.ts";
import { openSyntheticBackend } from "../fakes/synthetic-backend.ts";

it("drives a device and follows its prediction, as bridge/client/README.md says", async () => {
  await using backend = await openSyntheticBackend();
  const { url } = backend.server;

  // README
  const control = await connectControl(url, { role: "controller", client: "example", WebSocket });
  const lease = await control.acquire("mount0");

  const motion = await lease.position({ yaw: 0.3, pitch: -0.1 }, { velocityRatio: 0.5 });
  expect(motion.result).toBe("completed");

  const velocity = lease.velocity(); // says itself again every 50 ms, each time for 180 ms
  velocity.set({ yaw: -0.4 });
  velocity.stop();

  const stream = connectStream(url, [{ topic: "prediction", maxRateHz: 10 }], { WebSocket });
  const prediction = await new Promise((resolve) => stream.on("prediction", resolve));

  stream.close();
  await lease.return();
  control.close();
  // README

  expect(prediction).toMatchObject({ device: "mount0", meanPosRad: { shape: [32, 4] } });
});
