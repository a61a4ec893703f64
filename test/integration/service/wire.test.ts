import process from "node:process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterAll, beforeAll, expect, it } from "vitest";
import { buildCyclonePeer, buildFastPeer } from "../../peers/build.ts";
import { describePeer } from "../../peers/describe-peer.ts";
import { openPeerNetwork, type PeerNetwork } from "../../peers/netns.ts";
import { cycloneLocalhostUri, PeerProcess, type PeerEvent } from "../../peers/peer-process.ts";
import { ServiceProcess } from "../../setup/service-process.ts";

const cyclone = await buildCyclonePeer();
const fast = await buildFastPeer();
const yaw = 1;
const axisNames = ["deploy", "yaw", "roll", "pitch"];

let network: PeerNetwork;
let service: ServiceProcess;
let url: string;

beforeAll(async () => {
  network = await openPeerNetwork();
  service = ServiceProcess.start({ wrap: (file, args) => network.command(file, [...args]) });
  url = await service.url();
});
afterAll(async () => {
  await service[Symbol.asyncDispose]();
  await network[Symbol.asyncDispose]();
});

/** Turns the yaw for a while from a process in the service's own network. */
async function turning(velocityRadPerS: number): Promise<AsyncDisposable> {
  const script = ["dist/test/fakes/velocity-mover.js", url, String(velocityRadPerS), "300"];
  const [file, args] = network.command(process.execPath, script);
  const mover = spawn(file, args, { stdio: ["ignore", "pipe", "inherit"] });
  await once(mover.stdout, "data");
  return {
    async [Symbol.asyncDispose]() {
      mover.kill("SIGKILL");
      await once(mover, "exit");
    },
  };
}

function echo(program: string, args: readonly string[]): PeerProcess {
  const env = network.kind === "loopback" ? { CYCLONEDDS_URI: cycloneLocalhostUri } : {};
  return new PeerProcess({ network, program, args: ["echo", ...args], env });
}

interface TrajectoryPoint {
  readonly positions: readonly number[];
}

/** How far the yaw is predicted to go over the horizon. */
function predictedTurnRad(sample: PeerEvent): number {
  const points = sample["points"] as readonly TrajectoryPoint[];
  return points.at(-1)!.positions[yaw]! - points[0]!.positions[yaw]!;
}

describePeer("a Cyclone DDS node beside the running service", cyclone, ({ peer }) => {
  it("reads predicted/joint_trajectory, which turns as the commands do", async () => {
    await using node = echo(peer, [
      "trajectory",
      "--topic",
      "rt/kairos/predicted/joint_trajectory",
    ]);
    const [first] = await node.until("sample");
    expect(first).toMatchObject({ joint_names: axisNames });
    expect((first!["points"] as unknown[]).length).toBeGreaterThanOrEqual(16);
    expect(Math.abs(predictedTurnRad(first!))).toBeLessThan(0.02);
    const left = await turning(0.8);
    await node.until("sample", (sample) => predictedTurnRad(sample) > 0.1);
    await left[Symbol.asyncDispose]();
    const right = await turning(-0.8);
    await node.until("sample", (sample) => predictedTurnRad(sample) < -0.1);
    await right[Symbol.asyncDispose]();
  });

  it("reads predicted/joint_states stamped ahead of joint_states", async () => {
    await using ahead = echo(peer, ["joint", "--topic", "rt/kairos/predicted/joint_states"]);
    await using now = echo(peer, ["joint", "--topic", "rt/kairos/joint_states"]);
    const [predicted] = await ahead.until("sample", 5);
    const [measured] = await now.until("sample", 5);
    expect(predicted).toMatchObject({ name: axisNames });
    expect(measured).toMatchObject({ name: axisNames });
    const deploy = (sample: PeerEvent): number => (sample["position"] as number[])[0]!;
    expect(deploy(predicted!)).toBeCloseTo(deploy(measured!), 1);
  });

  it("reads predicted/image/compressed and camera/image/compressed as JPEG", async () => {
    await using predicted = echo(peer, [
      "compressed",
      "--topic",
      "rt/kairos/predicted/image/compressed",
      "--be",
    ]);
    await using camera = echo(peer, [
      "compressed",
      "--topic",
      "rt/kairos/camera/image/compressed",
      "--be",
    ]);
    for (const node of [predicted, camera]) {
      const [picture] = await node.until("sample", 3);
      expect(picture).toMatchObject({
        format: "jpeg",
        data: { start: expect.stringMatching(/^ffd8ff/) as string },
      });
    }
  });

  it("reads /diagnostics once a second", async () => {
    await using node = echo(peer, ["diagnostics", "--topic", "rt/diagnostics"]);
    const [sample] = await node.until("sample", 2);
    expect(JSON.stringify(sample)).toContain("prediction score");
  });
});

describePeer("a Fast DDS node beside the running service", fast, ({ peer }) => {
  it("reads predicted/joint_states", async () => {
    await using node = echo(peer, ["joint", "--topic", "rt/kairos/predicted/joint_states"]);
    const [sample] = await node.until("sample", 3);
    expect(sample).toMatchObject({ name: axisNames });
  });
});
