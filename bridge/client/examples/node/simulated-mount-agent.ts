// A device agent without hardware: node simulated-mount-agent.js http://127.0.0.1:8700
// The bridge has to run with `device.driver: agent`. Replace the simulated mount by your device's API.
import process from "node:process";
import { connectDeviceAgent, SimulatedMount } from "kairos-bridge/client";
import { WebSocket } from "ws";

const url = process.argv[2] ?? "http://127.0.0.1:8700";
let mount: SimulatedMount | undefined;

const agent = connectDeviceAgent(url, {
  client: "simulated mount",
  WebSocket,
  read: () => mount?.step(performance.now()),
  onSetpoint: ({ posRad }) => {
    mount?.follow(posRad);
  },
  onHold: (reason) => {
    mount?.hold();
    process.stdout.write(`holding: ${reason}\n`);
  },
});
agent.on("accepted", ({ axes, homeRad, device }) => {
  mount ??= new SimulatedMount(axes, { startRad: homeRad });
  process.stdout.write(`moves ${device}: ${axes.map(({ name }) => name).join(", ")}\n`);
});
agent.on("lost", ({ reason, retryInMs }) => {
  process.stdout.write(`lost: ${reason}; again in ${retryInMs.toFixed(0)} ms\n`);
});
process.once("SIGINT", () => {
  agent.close("interrupted");
});
