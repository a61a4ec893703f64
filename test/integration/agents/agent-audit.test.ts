import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { WebSocket } from "ws";
import { connectControl } from "../../../bridge/client/index.ts";
import { loadConfig } from "../../../bridge/config.ts";
import { silentLog } from "../../../bridge/contract/log.ts";
import { PairingOffers } from "../../../bridge/control/security/pairing-offers.ts";
import { PrivateFolder } from "../../../bridge/control/security/private-folder.ts";
import type { Role } from "../../../bridge/core/roles.ts";
import { startBridge } from "../../../bridge/start.ts";
import { until } from "../../fakes/control-rig.ts";
import { openSimulatedAgent } from "../../fakes/device-rig.ts";
import { PairingPhone, poster } from "../../fakes/paired-rig.ts";
import { runCli } from "../cli/run-cli.ts";

interface Line {
  readonly seq: number;
  readonly kind: string;
  readonly by?: { readonly session: string; readonly role: string; readonly subject: string };
  readonly reason?: string;
  readonly device?: string;
  readonly model?: string;
  readonly code?: string;
}

/** A whole service that asks for tokens and whose mount agents move. */
async function openService() {
  const folder = await mkdtemp(join(tmpdir(), "kairos-agents-"));
  const { config } = loadConfig({
    flags: {
      "http.port": 0,
      "ros.transport": "off",
      "device.driver": "agent",
      "security.auth": "paired",
      "security.folder": folder,
    },
  });
  const options = { log: silentLog, version: "test", signal: new AbortController().signal };
  const bridge = await startBridge(config, options);
  const offers = new PairingOffers(
    await (await PrivateFolder.open(folder)).subfolder("offers"),
    () => Date.now(),
  );
  return {
    bridge,
    audit: join(folder, "audit"),
    token: async (role: Role): Promise<string> => {
      const { code } = await offers.make({ role, name: "", tokenTtlMs: 60_000 });
      const { body } = await new PairingPhone(poster(bridge.url)).pair(code);
      return String(body["token"]);
    },
    async [Symbol.asyncDispose]() {
      await bridge[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

it("who moved a device for the service stands in its audit log: come, registered, gone and why", async () => {
  await using service = await openService();
  const { bridge, audit } = service;
  const token = await service.token("device");

  const first = openSimulatedAgent(bridge.url, { token, model: "bench mount" });
  await until(() => first.agent.isAccepted, "the first agent");
  const second = openSimulatedAgent(bridge.url, { token });
  await until(() => second.losses.length > 0, "the second agent is refused");
  second.agent.close("refused");
  first.agent.close("done for today");
  const stranger = openSimulatedAgent(bridge.url, { token: "wrong" });
  await until(() => stranger.losses.length > 0, "the stranger is refused");
  stranger.agent.close("refused");
  const third = openSimulatedAgent(bridge.url, { token });
  await until(() => third.agent.isAccepted, "the third agent");
  await connectControl(bridge.url, {
    role: "viewer",
    client: "onlooker",
    token: await service.token("viewer"),
    WebSocket,
  });
  await bridge[Symbol.asyncDispose]();
  third.agent.close("over");

  expect(await runCli(["audit", "verify", audit])).toMatchObject({ code: 0 });
  const { stdout } = await runCli(["audit", "show", audit]);
  const lines = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);
  const sessions = new Map<string, Line[]>();
  for (const line of lines) {
    if (line.by?.role !== "device") continue;
    sessions.set(line.by.session, [...(sessions.get(line.by.session) ?? []), line]);
  }
  const [one, two, three] = [...sessions.values()];
  expect(sessions.size).toBe(3);
  expect(one).toMatchObject([
    { kind: "session.opened" },
    { kind: "device.registered", device: "mount0", model: "bench mount" },
    { kind: "session.closed", reason: expect.stringContaining("1000") as string },
  ]);
  expect(two).toMatchObject([
    { kind: "session.opened" },
    {
      kind: "session.closed",
      reason: expect.stringMatching(/^device\/taken: mount0 is moved/) as string,
    },
  ]);
  expect(three).toMatchObject([
    { kind: "session.opened" },
    { kind: "device.registered", device: "mount0" },
    { kind: "session.closed", reason: "server is closing" },
  ]);
  const keyIds = new Set([...sessions.values()].flat().map(({ by }) => by?.subject));
  expect(keyIds.size).toBe(1);
  expect([...keyIds][0]).not.toBe("loopback");
  expect(lines.filter(({ kind }) => kind === "session.refused")).toHaveLength(1);
  // Whoever else was there when the service ended was written down as well.
  expect(
    lines.findLast(({ by, kind }) => by?.role === "viewer" && kind === "session.closed"),
  ).toMatchObject({
    reason: "server is closing",
  });
}, 30_000);
