import { cpSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { RawControlClient } from "../../fakes/raw-control-client.ts";
import { StateRecorder } from "../../fakes/state-recorder.ts";
import { ServiceProcess } from "../../setup/service-process.ts";

describe("kairos-bridge start", () => {
  it("serves the page, health and metrics, and predicts", async () => {
    await using service = ServiceProcess.start();
    const url = await service.url();
    await service.logged("first prediction");
    const health = (await (await fetch(`${url}/healthz`)).json()) as Record<string, unknown>;
    expect(health).toMatchObject({
      status: "ok",
      reasons: [],
      provider: "cpu",
      model: {
        id: "kairos-mini-gimbal4",
        sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      },
      ros: { transport: "rtps", discoveryRange: "LOCALHOST", domainId: 0 },
      device: { id: "mount0", driver: "simulator", mode: "active" },
    });
    expect(health["predictionsPublished"]).toBeGreaterThan(0);
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toMatch(/^kairos_predictions_total [1-9]/m);
    expect(metrics).toMatch(
      /^kairos_prediction_rmse_radians\{ahead_s="0\.96",predictor="hold"\} /m,
    );
    const page = await fetch(url);
    expect(page.headers.get("content-type")).toContain("text/html");
    expect(await page.text()).toContain("kairos");
  });

  it.each(["SIGTERM", "SIGINT"] as const)(
    "on %s brings a moving mount to rest, then leaves",
    async (signal) => {
      await using service = ServiceProcess.start();
      const url = await service.url();
      const recorder = await StateRecorder.open(url);
      const client = (await RawControlClient.open(url)).keepAlive();
      await client.acquire();
      client.command({ kind: "velocity", velRadPerS: { yaw: 1 }, ttlMs: 5000 });
      await recorder.until(() => recorder.last.velRadPerS[1]! > 0.7);
      const { code, tookMs } = await service.stop(signal);
      expect(code).toBe(0);
      expect(tookMs).toBeLessThan(2000);
      expect(service.logLines.map((line) => line["msg"])).toContain("device at rest");
      client.close();
      recorder.close();
    },
  );

  it("leaves in order when it is told to stop while it starts", async () => {
    await using service = ServiceProcess.start({ environment: { KAIROS_LOG_LEVEL: "debug" } });
    await service.logged("starting");
    const { code, tookMs } = await service.stop("SIGINT");
    expect(code).toBe(0);
    expect(tookMs).toBeLessThan(4000);
  });

  it("refuses a port that is in use, naming it", async () => {
    const blocker = createServer();
    await new Promise<void>((resolve) => blocker.listen(0, "127.0.0.1", resolve));
    const { port } = blocker.address() as AddressInfo;
    await using service = ServiceProcess.start({ args: ["start", "--http-port", String(port)] });
    await expect(service.url()).rejects.toThrow(`127.0.0.1:${port} is in use`);
    expect(service.child.exitCode).toBe(1);
    blocker.close();
  });

  it.each([
    { text: "htpp: {port: 8700}", says: "htpp" },
    { text: "model: {horizonSteps: 2.5}", says: "model.horizonSteps" },
    { text: "model: {package: /nowhere}", says: "[model/missing]" },
    { text: "model: {horizonSteps: 1000}", says: "model.horizonSteps is 1000" },
    { text: "device: {profile: no-such-mount}", says: "no-such-mount" },
    { text: "http: {host: 0.0.0.0}", says: "authentication is not configured" },
  ])("refuses `$text` before anything runs", async ({ text, says }) => {
    const filePath = join(mkdtempSync(join(tmpdir(), "kairos-")), "robot.yaml");
    writeFileSync(filePath, text);
    const args = ["run", "--config", filePath, "--http-port", "0"];
    await using service = ServiceProcess.start({ args });
    await expect(service.url()).rejects.toThrow(says);
    expect(service.child.exitCode).toBe(1);
  });

  it("refuses a model file that was altered, naming it and both hashes", async () => {
    const folder = mkdtempSync(join(tmpdir(), "kairos-package-"));
    cpSync("models/embedded", folder, { recursive: true });
    const graph = readFileSync(join(folder, "rollout.onnx"));
    graph[graph.length >> 1]! ^= 1;
    writeFileSync(join(folder, "rollout.onnx"), graph);
    const environment = { KAIROS_MODEL_PACKAGE: folder };
    await using service = ServiceProcess.start({ environment });
    await expect(service.url()).rejects.toThrow(
      /\[model\/hash\].*rollout\.onnx.*[0-9a-f]{64}.*[0-9a-f]{64}/,
    );
    expect(service.child.exitCode).toBe(1);
  });
});
