// Drives a device from Node: node drive.js http://127.0.0.1:8700
import process from "node:process";
import { connectControl, connectStream, ControlError } from "kairos-bridge/client";
import { WebSocket } from "ws";

const url = process.argv[2] ?? "http://127.0.0.1:8700";
const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

// Node 22 has a WebSocket of its own; Node 20 takes that of `ws`.
const control = await connectControl(url, { role: "controller", client: "example", WebSocket });
const stream = connectStream(url, [{ topic: "prediction", maxRateHz: 5 }], { WebSocket });
stream.on("prediction", ({ axisNames, horizonSteps, stepMs, meanPosRad }) => {
  const last = (horizonSteps - 1) * axisNames.length;
  const there = axisNames.map(
    (name, axis) => `${name} ${meanPosRad.data[last + axis]?.toFixed(2)}`,
  );
  say(`in ${horizonSteps * stepMs} ms: ${there.join(", ")}`);
});

try {
  const lease = await control.acquire(control.welcome.devices[0]?.id ?? "");
  const motion = lease.position({ yaw: 0.3, pitch: -0.1 }, { velocityRatio: 0.5 });
  const { limits } = await motion.applied;
  for (const limit of limits) say(limit);
  const { result, reason } = await motion;
  say(`position: ${result} ${reason}`);

  // Says itself again every 50 ms, each time for 180 ms: it ends by itself when this program does.
  const velocity = lease.velocity();
  velocity.set({ yaw: -0.4 });
  await new Promise((resolve) => setTimeout(resolve, 500));
  velocity.stop();
  await lease.return();
  say("returned");
} catch (error) {
  if (!(error instanceof ControlError)) throw error;
  say(`refused: ${error.code}`);
  process.exitCode = 1;
}
stream.close();
control.close();
