import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openPeerNetwork, type PeerNetwork } from "../../peers/netns.ts";
import { ServiceProcess } from "../../setup/service-process.ts";

const run = promisify(execFile);
let network: PeerNetwork;

beforeAll(async () => {
  network = await openPeerNetwork();
});
afterAll(async () => {
  await network[Symbol.asyncDispose]();
});

it("a link whose packets no longer arrive, without any end of TCP, stops the device and frees it", async (context) => {
  if (network.kind !== "namespace") {
    if (process.env["KAIROS_REQUIRE_PEERS"] === "1") throw new Error(network.reason);
    context.skip(network.reason);
  }
  const wrap = (file: string, args: readonly string[]): readonly [string, readonly string[]] =>
    network.command(file, args);
  await using service = ServiceProcess.start({
    environment: { KAIROS_ROS_TRANSPORT: "off" },
    wrap,
  });
  const url = await service.url();
  const [file, args] = wrap(process.execPath, ["dist/test/fakes/velocity-mover.js", url]);
  const mover = spawn(file, args, { stdio: ["ignore", "pipe", "inherit"] });
  try {
    await once(mover.stdout, "data");
    await service.logged("client connected");
    // The interface goes down: packets vanish, and neither side is told.
    const [ip, down] = network.command("ip", ["link", "set", "lo", "down"]);
    await run(ip, down);
    const cutMs = performance.now();
    expect(await service.logged("device stopped")).toMatchObject({ cause: "keepalive" });
    const stoppedMs = performance.now() - cutMs;
    expect(await service.logged("client gone")).toHaveProperty("reason");
    const goneMs = performance.now() - cutMs;
    // 1 s without a check-in stops it, 10 s end the session; a busy machine is given as much again.
    expect(stoppedMs).toBeLessThan(4000);
    expect(goneMs).toBeGreaterThan(stoppedMs);
    expect(goneMs).toBeLessThan(20_000);
    expect(mover.exitCode).toBeNull();
  } finally {
    mover.kill("SIGKILL");
  }
}, 60_000);
