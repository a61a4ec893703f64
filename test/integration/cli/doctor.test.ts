import { cpSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Finding, FindingGroup } from "../../../bridge/contract/finding.ts";
import { runCli } from "./run-cli.ts";

interface Report {
  readonly version: string;
  readonly result: string;
  readonly groups: readonly FindingGroup[];
}

function finding(report: Report, title: string, subject: string): Finding {
  const group = report.groups.find((each) => each.title === title);
  const found = group?.findings.find((each) => each.subject === subject);
  if (found === undefined) throw new Error(`no ${title} / ${subject} in ${JSON.stringify(report)}`);
  return found;
}

const anyPort = { KAIROS_HTTP_PORT: "0" };

describe("kairos-bridge doctor", () => {
  it("says in aligned lines what there is, and ends with 0", async () => {
    const { code, stdout, stderr } = await runCli(["doctor"], { environment: anyPort });
    expect(stderr).toBe("");
    expect(code).toBe(0);
    for (const title of ["Machine", "ONNX Runtime", "GPU", "Model", "ROS 2", "Service"]) {
      expect(stdout).toMatch(new RegExp(`^${title}$`, "m"));
    }
    const lines = stdout.split("\n").filter((line) => /^ {2}(ok|note|WARN|FAIL) /.test(line));
    expect(lines.length).toBeGreaterThan(12);
    const column = lines[0]!.indexOf(process.version);
    expect(lines.every((line) => /\S/.test(line[column]!) && line[column - 1] === " ")).toBe(true);
    expect(stdout).toMatch(/verified +golden rollout reproduced on cpu/);
    expect(stdout).toMatch(/(Everything works|It works, with \d+ warnings?)\.\n$/);
  });

  it("tells a program the same as JSON", async () => {
    const { code, stdout } = await runCli(["doctor", "--json"], { environment: anyPort });
    expect(code).toBe(0);
    const report = JSON.parse(stdout) as Report;
    expect(["ok", "note", "warn"]).toContain(report.result);
    expect(finding(report, "ONNX Runtime", "library").details).toMatchObject({ name: "ort-ffi" });
    expect(finding(report, "Model", "package").details).toMatchObject({
      id: "kairos-mini-gimbal4",
    });
    const all = report.groups.flatMap((group) => group.findings);
    const silent = all.filter(({ level, advice }) => level === "warn" && advice === undefined);
    expect(silent).toEqual([]);
  });

  it("warns of a port that is in use and still tries the service", async () => {
    const blocker = createServer();
    await new Promise<void>((resolve) => blocker.listen(0, "127.0.0.1", resolve));
    const { port } = blocker.address() as AddressInfo;
    const { code, stdout } = await runCli(["doctor", "--json", "--http-port", String(port)]);
    blocker.close();
    const report = JSON.parse(stdout) as Report;
    expect(finding(report, "Machine", "HTTP port")).toMatchObject({
      level: "warn",
      text: `127.0.0.1:${port}: in use`,
    });
    expect(finding(report, "Service", "prediction").level).toBe("ok");
    expect(code).toBe(0);
  });

  it("ends with 1 for a model that was altered", async () => {
    const folder = mkdtempSync(join(tmpdir(), "kairos-package-"));
    cpSync("models/embedded", folder, { recursive: true });
    const graph = readFileSync(join(folder, "rollout.onnx"));
    graph[graph.length >> 1]! ^= 1;
    writeFileSync(join(folder, "rollout.onnx"), graph);
    const environment = { ...anyPort, KAIROS_MODEL_PACKAGE: folder };
    const { code, stdout } = await runCli(["doctor", "--json"], { environment });
    expect(code).toBe(1);
    const report = JSON.parse(stdout) as Report;
    expect(report.result).toBe("fail");
    expect(finding(report, "Model", "package").text).toMatch(/^\[model\/hash\] rollout\.onnx/);
    expect(finding(report, "Service", "start").text).toMatch(/^\[model\/hash\]/);
  });

  it("says of every provider that was asked for why it does not serve", async () => {
    const environment = { ...anyPort, KAIROS_MODEL_PROVIDERS: "cann,cpu" };
    const { code, stdout } = await runCli(["doctor", "--json"], { environment });
    const report = JSON.parse(stdout) as Report;
    expect(finding(report, "Service", "provider").text).toMatch(/^cpu/);
    expect(finding(report, "Service", "not cann")).toMatchObject({
      level: "note",
      details: { provider: "cann", gate: "present" },
    });
    expect(code).toBe(0);
  });

  it("names the library it cannot load, and what to do", async () => {
    const environment = { ...anyPort, KAIROS_MODEL_ENGINE_LIBRARY: "/nowhere/libonnxruntime.so" };
    const { code, stdout } = await runCli(["doctor"], { environment });
    expect(code).toBe(1);
    expect(stdout).toMatch(/FAIL +library +\[engine\/library\] .*\/nowhere\/libonnxruntime\.so/);
    expect(stdout).toMatch(/-> correct model\.engineLibrary/);
    expect(stdout).toMatch(/It does not work: 2 failures/);
  });

  it("ends with 2 when there is nothing to examine", async () => {
    const environment = { KAIROS_MODEL_HORIZON_STEPS: "many" };
    const { code, stdout, stderr } = await runCli(["doctor"], { environment });
    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toContain("model.horizonSteps");
  });
});
