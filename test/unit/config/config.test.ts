import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { describeConfig, loadConfig } from "../../../bridge/config.ts";

function file(text: string): string {
  const path = join(mkdtempSync(join(tmpdir(), "kairos-config-")), "robot.yaml");
  writeFileSync(path, text);
  return path;
}

describe("loadConfig", () => {
  it("gives the documented defaults", () => {
    const { config } = loadConfig();
    expect(config.http).toEqual({ host: "127.0.0.1", port: 8700, maxConnections: 64 });
    expect(config.ros.discoveryRange).toBe("");
  });

  it("lets a flag win over the environment, that over the file, that over the default", () => {
    const filePath = file("http: {port: 1001}\nactuation: {rateHz: 100}\n");
    const environment = { KAIROS_HTTP_PORT: "1002", KAIROS_MODEL_HORIZON_STEPS: "16" };
    const loaded = loadConfig({ filePath, environment, flags: { "http.port": 1003 } });
    expect(loaded.config.http.port).toBe(1003);
    expect(loaded.config.model.horizonSteps).toBe(16);
    expect(loaded.sources.get("http.port")).toBe("flag");
    expect(loaded.sources.get("model.horizonSteps")).toBe("environment");
    expect(loaded.sources.get("actuation.rateHz")).toBe("file");
    expect(loaded.sources.get("http.host")).toBe("default");
    expect(describeConfig(loaded)).toContain(
      "actuation.rateHz: 100  # file, KAIROS_ACTUATION_RATE_HZ",
    );
  });

  it.each([
    { text: "htpp: {port: 1}", says: ['"htpp"'] },
    { text: "http: {port: 70000}", says: ["http.port", "70000", "65535"] },
    { text: "http: {port: fast}", says: ["http.port", "fast"] },
    { text: "actuation: {rateHz: 5}", says: ["actuation.rateHz", "5", "200"] },
    { text: "sim: {payloadKg: 12}", says: ["sim.payloadKg", "12"] },
    { text: "ros: {namespace: kairos}", says: ["ros.namespace", "kairos", "/kairos"] },
    { text: "- a list", says: ["a list"] },
    { text: "http: {port: [", says: ["not YAML"] },
  ])("refuses `$text` naming what was found and expected", ({ text, says }) => {
    const filePath = file(text);
    const load = (): unknown => loadConfig({ filePath });
    expect(load).toThrow(filePath);
    for (const part of says) expect(load).toThrow(part);
  });

  it("reports every problem at once", () => {
    const filePath = file("http: {port: -1, colour: red}\nmodel: {horizonSteps: 0.5}\n");
    const load = (): unknown => loadConfig({ filePath });
    for (const part of ["http.port", "colour", "model.horizonSteps"]) expect(load).toThrow(part);
  });

  it("says which file is missing", () => {
    expect(() => loadConfig({ filePath: "/nowhere/robot.yaml" })).toThrow("/nowhere/robot.yaml");
  });
});
