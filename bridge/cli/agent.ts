import process from "node:process";
import type { Command } from "commander";
import { connectDeviceAgent } from "../client/device-agent.ts";
import { SimulatedMount } from "../client/simulated-mount.ts";
import { NodeSocket } from "../control/node-socket.ts";

interface AgentFlags {
  readonly url: string;
  readonly device?: string;
  readonly name: string;
  readonly lagMs: number;
  readonly rateHz: number;
  readonly speedRatio: number;
}

const number = (text: string): number => Number(text);

/** `kairos-bridge agent`: a simulated mount in a process of its own, as a phone's app would be one. */
export function addAgentCommand(program: Command): void {
  program
    .command("agent")
    .description("offer a simulated mount to a bridge that runs with device.driver agent")
    .option("--url <address>", "the bridge", "http://127.0.0.1:8700")
    .option("--device <id>", "which of its devices; needed if there are several")
    .option("--name <name>", "how the bridge shall call it", "simulated mount")
    .option("--lag-ms <ms>", "time constant of every joint", number, 40)
    .option("--rate-hz <hz>", "setpoints and telemetry per second", number, 50)
    .option("--speed-ratio <ratio>", "share of the configured speed it allows", number, 1)
    .action(runAgent);
}

/** Says on standard output, one JSON object per line, what happens to it. */
async function runAgent(flags: AgentFlags): Promise<void> {
  const { url, device, name, lagMs, rateHz, speedRatio } = flags;
  let mount: SimulatedMount | undefined;
  const say = (event: string, more: object = {}): void => {
    const posRad = mount?.posRad.map((value) => Number(value.toFixed(4)));
    process.stdout.write(`${JSON.stringify({ event, posRad, ...more })}\n`);
  };
  const agent = connectDeviceAgent(url, {
    client: name,
    model: "simulated mount",
    modes: ["hold", "limp"],
    WebSocket: NodeSocket,
    telemetryRateHz: rateHz,
    setpointRateHz: Math.min(rateHz, 200),
    ...(device === undefined ? {} : { device }),
    axes: (configured) =>
      configured.map((axis) => ({
        ...axis,
        maxVelocityRadPerS: axis.maxVelocityRadPerS * speedRatio,
      })),
    read: () => mount?.step(performance.now()),
    onSetpoint: ({ posRad }) => {
      mount?.step(performance.now());
      mount?.follow(posRad);
    },
    onHold: (reason) => {
      mount?.step(performance.now());
      mount?.hold();
      say("holding", { reason });
    },
    onEnable: (enabled) => {
      mount?.setEnabled(enabled);
    },
  });
  agent.on("accepted", ({ device: id, axes, homeRad }) => {
    mount ??= new SimulatedMount(axes, { lagMs, startRad: homeRad });
    say("accepted", { device: id, axes });
  });
  agent.on("lost", ({ code, reason, retryInMs }) => {
    say("lost", { code, reason, retryInMs: Math.round(retryInMs) });
  });
  agent.on("moving", (isMoving) => {
    if (isMoving) say("following");
  });
  await new Promise<void>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, resolve);
  });
  agent.close("told to leave");
}
