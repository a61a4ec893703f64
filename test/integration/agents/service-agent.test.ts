import { WebSocket } from "ws";
import { describe, expect, it } from "vitest";
import {
  connectControl,
  connectStream,
  type ControlClient,
  type EventMessage,
  type LeaseHandle,
  type PredictionPayload,
  type StatePayload,
  type StreamClient,
} from "../../../bridge/client/index.ts";
import { until } from "../../fakes/control-rig.ts";
import { AgentProcess } from "../../setup/agent-process.ts";
import { ServiceProcess } from "../../setup/service-process.ts";

// The whole service, a device agent in a process of its own, and a client: three processes, real sockets.

interface Scene extends AsyncDisposable {
  readonly service: ServiceProcess;
  readonly agent: AgentProcess;
  readonly url: string;
  readonly control: ControlClient;
  readonly lease: LeaseHandle;
  readonly events: EventMessage[];
  /** Newest measured state and prediction. */
  readonly newest: { state?: StatePayload; prediction?: PredictionPayload };
}

async function openScene(agentArgs: readonly string[] = []): Promise<Scene> {
  const service = ServiceProcess.start({
    environment: { KAIROS_DEVICE_DRIVER: "agent", KAIROS_ROS_TRANSPORT: "off" },
  });
  const url = await service.url();
  const agent = AgentProcess.start(url, agentArgs);
  await agent.heard("accepted");
  const control = await connectControl(url, { role: "controller", client: "test", WebSocket });
  const events: EventMessage[] = [];
  control.on("event", (event) => events.push(event));
  await until(() => control.state("mount0")?.mode === "active", "active");
  const newest: Scene["newest"] = {};
  const stream: StreamClient = connectStream(url, [{ topic: "state" }, { topic: "prediction" }], {
    WebSocket,
  });
  stream.on("state", (state) => (newest.state = state));
  stream.on("prediction", (prediction) => (newest.prediction = prediction));
  return {
    service,
    agent,
    url,
    control,
    lease: await control.acquire("mount0"),
    events,
    newest,
    async [Symbol.asyncDispose]() {
      stream.close();
      control.close();
      await agent[Symbol.asyncDispose]();
      await service[Symbol.asyncDispose]();
    },
  };
}

const yawOf = (scene: Scene): number => scene.newest.state?.posRad[1] ?? 0;

async function moving(scene: Scene): Promise<void> {
  const velocity = scene.lease.velocity();
  velocity.set({ yaw: 0.6 });
  await until(() => yawOf(scene) > 0.15, "the agent's mount moves");
}

const modeOf = (scene: Scene): string | undefined => scene.control.state("mount0")?.mode;

describe("a service whose device an agent moves", () => {
  it("moves it from a client's lease to a prediction on the stream", async () => {
    await using scene = await openScene();
    await moving(scene);
    await until(() => scene.newest.prediction !== undefined, "a prediction");
    const ahead = (): number => {
      const { prediction } = scene.newest;
      const at = ((prediction?.horizonSteps ?? 1) - 1) * 4 + 1;
      return prediction?.meanPosRad.data[at] ?? 0;
    };
    await until(() => ahead() > 0.2, "a prediction of the agent's yaw");
    const metrics = await (await fetch(`${scene.url}/metrics`)).text();
    expect(metrics).toMatch(/^kairos_device_agent_round_trip_seconds\{device="mount0"\} 0\.\d+/m);
    expect(metrics).toMatch(/^kairos_device_agent_setpoints_total\{device="mount0"\} [1-9]/m);
    const health = (await (await fetch(`${scene.url}/healthz`)).json()) as object;
    expect(health).toMatchObject({ device: { driver: "agent", mode: "active" } });
  });

  it.each(["SIGKILL", "SIGSTOP"] as const)(
    "brakes and is in fault, with the reason told, when its agent gets %s",
    async (signal) => {
      await using scene = await openScene();
      await moving(scene);
      scene.agent.child.kill(signal);
      await until(() => modeOf(scene) === "fault", "fault");
      const told = scene.events.map(({ reason }) => reason).join("\n");
      // Silence is noticed in two places, whichever is first: at the seat, and where motion is made.
      expect(told).toMatch(signal === "SIGKILL" ? /simulated mount is gone/ : /telemetry/);
      const reasons = async (): Promise<string> => {
        const report = (await (await fetch(`${scene.url}/healthz`)).json()) as {
          reasons: string[];
        };
        return report.reasons.join(" ");
      };
      await expect.poll(reasons, { timeout: 5000 }).toMatch(/mount0: simulated mount/);
      const { result } = await scene.lease
        .position({ yaw: 0 })
        .catch(() => ({ result: "refused" }));
      expect(["rejected", "refused"]).toContain(result);
    },
  );

  it("an agent that comes back moves nothing before a reset", async () => {
    await using scene = await openScene();
    await moving(scene);
    scene.agent.child.kill("SIGSTOP");
    await until(() => modeOf(scene) === "fault", "fault");
    const count = scene.agent.events.length;
    // Longer than a setpoint lives: what waits in its socket is late by then, and moves nothing.
    await new Promise((resolve) => setTimeout(resolve, 300));
    scene.agent.child.kill("SIGCONT");
    await scene.agent.heard("accepted", count);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(scene.agent.events.slice(count).map(({ event }) => event)).not.toContain("following");
    expect(modeOf(scene)).toBe("fault");
    await scene.control.reset("mount0");
    await until(() => modeOf(scene) === "active", "active after the reset");
  });

  it("its agent holds by itself when the service gets SIGSTOP", async () => {
    await using scene = await openScene();
    await moving(scene);
    const count = scene.agent.events.length;
    const stoppedMs = performance.now();
    scene.service.child.kill("SIGSTOP");
    const held = await scene.agent.heard("holding", count);
    scene.service.child.kill("SIGCONT");
    expect(held.reason).toBe("no setpoint for 150 ms");
    // 150 ms of life left in the last setpoint; the rest is for a machine that is busy.
    expect(held.heardMs - stoppedMs).toBeLessThan(1500);
  });

  it("a second agent is refused while the first lives, and the first goes on", async () => {
    await using scene = await openScene();
    await using second = AgentProcess.start(scene.url, ["--name", "second"]);
    const refused = await second.heard("lost");
    expect(refused).toMatchObject({ code: "device/taken" });
    expect(modeOf(scene)).toBe("active");
    await moving(scene);
  });

  it("is not told to move faster or further than its agent allows", async () => {
    await using scene = await openScene(["--speed-ratio", "0.1"]);
    // A tenth of 2.09 rad/s holds where motion is shaped, and the answer says so.
    const accepted = scene.agent.events.find(({ event }) => event === "accepted");
    const allowed = accepted?.axes?.find(({ name }) => name === "yaw")?.maxVelocityRadPerS ?? 0;
    expect(allowed).toBeCloseTo(0.209, 3);
    let fastest = 0;
    let last: { stampMs: number; yaw: number } | undefined;
    const stream = connectStream(scene.url, [{ topic: "state" }], { WebSocket });
    stream.on("state", ({ stampMs, setpointRad }) => {
      const yaw = setpointRad[1] ?? 0;
      if (last !== undefined && stampMs > last.stampMs) {
        fastest = Math.max(fastest, Math.abs(yaw - last.yaw) / ((stampMs - last.stampMs) / 1000));
      }
      last = { stampMs, yaw };
    });
    const limits: string[] = [];
    scene.control.on("ack", (ack) => limits.push(...(ack.limits ?? [])));
    const velocity = scene.lease.velocity();
    velocity.set({ yaw: 1.5 });
    await until(() => yawOf(scene) > 0.1, "the mount moves");
    velocity.stop();
    expect(fastest).toBeGreaterThan(0.15);
    // State stamps are of another clock than setpoints': a little more than the limit is reading error.
    expect(fastest).toBeLessThan(0.3);
    expect(limits.join("\n")).toMatch(/yaw velocity 1\.50 limited to 0\.21/);
    stream.close();
  });
});
