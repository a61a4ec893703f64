import { spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { type Log, silentLog } from "../../../bridge/contract/log.ts";
import type { RosPublisher, RosTopic } from "../../../bridge/contract/ros-transport.ts";
import type { RclnodejsTransport } from "../../../ros/rclnodejs/rclnodejs-transport.ts";
import { stringCdr, until } from "../../contract/ros/ros-transport-contract.ts";
import {
  inDist,
  openTestRclnodejs,
  openTestRtps,
  testDomain,
} from "../../fakes/open-ros-transports.ts";

const domainId = testDomain(10);
const topic: RosTopic = {
  name: "/faults/text",
  type: "std_msgs/msg/String",
  qos: { reliability: "reliable", durability: "volatile", depth: 100 },
};

/** Keeps what was logged, in one list. */
function listeningLog(): { readonly log: Log; readonly lines: string[] } {
  const lines: string[] = [];
  const hear = (fields: Readonly<Record<string, unknown>>, sentence: string): void => {
    lines.push(`${sentence} ${JSON.stringify(fields)}`);
  };
  const log: Log = { ...silentLog, error: hear, warn: hear, info: hear, child: () => log };
  return { log, lines };
}

async function openWatched() {
  const { log, lines } = listeningLog();
  const host = await openTestRclnodejs({ domainId, nodeName: "host", log });
  const peer = await openTestRtps({ domainId, nodeName: "peer" });
  return {
    host,
    peer,
    lines,
    [Symbol.asyncDispose]: async () => {
      await Promise.all([host[Symbol.asyncDispose](), peer[Symbol.asyncDispose]()]);
    },
  };
}

/** Publishes until a message with this text arrives. */
async function passes(publisher: RosPublisher, received: string[], text: string): Promise<void> {
  await until(() => {
    publisher.publish(stringCdr(text));
    return received.includes(text);
  }, text);
}

const textOf = (cdr: Uint8Array): string =>
  Buffer.from(cdr).toString("latin1", 8).replaceAll("\0", "");

async function restarted(host: RclnodejsTransport, before: number): Promise<void> {
  await until(
    () => host.health.state === "running" && host.health.restartCount > before,
    "a new host",
  );
}

describe("an rclnodejs host that fails", () => {
  const cases: readonly (readonly [string, (host: RclnodejsTransport) => void, RegExp])[] = [
    ["SIGKILL", (host) => process.kill(host.health.pid, "SIGKILL"), /signal SIGKILL/],
    ["a segmentation fault", say("please segfault"), /signal SIGSEGV/],
    ["abort", say("please abort"), /signal SIGABRT.*it said: terminate called after throwing/],
    ["an uncaught exception", say("please throw"), /exit code 1.*thrown from a native callback/],
  ];

  it.each(cases)("comes back after %s, with its topics both ways", async (_, fail, reason) => {
    await using all = await openWatched();
    const { host, peer, lines } = all;
    const toPeer: string[] = [];
    const toHost: string[] = [];
    peer.subscribe(topic, (cdr) => toPeer.push(textOf(cdr)));
    host.subscribe({ ...topic, name: "/faults/back" }, (cdr) => toHost.push(textOf(cdr)));
    const out = host.advertise(topic);
    const back = peer.advertise({ ...topic, name: "/faults/back" });
    await passes(out, toPeer, "before");
    await passes(back, toHost, "before");
    const firstPid = host.health.pid;
    fail(host);
    await restarted(host, 0);
    await passes(out, toPeer, "after");
    await passes(back, toHost, "after");
    expect(host.health).toMatchObject({ state: "running", restartCount: 1 });
    expect(host.health.pid).not.toBe(firstPid);
    expect(host.health.lastExit).toMatch(reason);
    expect(lines.some((line) => line.startsWith("the ROS host process ended"))).toBe(true);
    expect((await host.stats()).host).toMatchObject({ restartCount: 1 });
  });

  it("is ended when it gives no sign of life, with that as the reason", async () => {
    await using all = await openWatched();
    const { host, peer } = all;
    const received: string[] = [];
    peer.subscribe(topic, (cdr) => received.push(textOf(cdr)));
    const publisher = host.advertise(topic);
    await passes(publisher, received, "before");
    publisher.publish(stringCdr("please hang"));
    await until(() => host.health.restartCount > 0, "a new host");
    await restarted(host, 0);
    expect(host.health.lastExit).toContain("no sign of life");
    await passes(publisher, received, "after");
  });

  it("takes what a dead host is told, and counts instead of throwing", async () => {
    await using all = await openWatched();
    const { host } = all;
    const publisher = host.advertise(topic);
    process.kill(host.health.pid, "SIGKILL");
    await until(() => host.health.state === "restarting", "the host is gone");
    publisher.publish(stringCdr("nobody hears this"));
    host.subscribe({ ...topic, name: "/faults/late" }, () => undefined).close();
    expect(publisher.matchedCount).toBe(0);
    expect(await host.stats()).toMatchObject({ peerCount: 0, host: { state: "restarting" } });
  });

  it("offers the kept messages of a transient-local topic again", async () => {
    await using all = await openWatched();
    const { host, peer } = all;
    const latched: RosTopic = {
      ...topic,
      name: "/faults/latched",
      qos: { ...topic.qos, durability: "transient_local", depth: 1 },
    };
    host.advertise(latched).publish(stringCdr("the description"));
    process.kill(host.health.pid, "SIGKILL");
    await restarted(host, 0);
    const received: string[] = [];
    peer.subscribe(latched, (cdr) => received.push(textOf(cdr)));
    await until(() => received.length > 0, "the kept message");
    expect(received).toEqual(["the description"]);
  });

  it("closes in bounded time while it is being started anew", async () => {
    const host = await openTestRclnodejs({ domainId, nodeName: "host" });
    process.kill(host.health.pid, "SIGKILL");
    await until(() => host.health.state === "restarting", "the host is gone");
    await host[Symbol.asyncDispose]();
    expect(await host.exited).toBeUndefined();
    await delay(400);
    expect(host.health).toMatchObject({ pid: 0, restartCount: 0 });
  });

  it("refuses one topic whose type was not built, and serves the others", async () => {
    await using all = await openWatched();
    const { host, peer, lines } = all;
    const received: string[] = [];
    peer.subscribe(topic, (cdr) => received.push(textOf(cdr)));
    host.advertise({ ...topic, name: "/faults/unbuilt", type: "unbuilt_msgs/msg/Thing" });
    await passes(host.advertise(topic), received, "the others");
    const refusal = lines.find((line) => line.startsWith("rclnodejs refused an endpoint"));
    expect(refusal).toContain("unbuilt_msgs/msg/Thing");
    expect(refusal).toContain("does not exist");
  });

  it("does not leave on Control-C, which reaches the whole process group", async () => {
    await using all = await openWatched();
    const { host, peer } = all;
    const received: string[] = [];
    peer.subscribe(topic, (cdr) => received.push(textOf(cdr)));
    const publisher = host.advertise(topic);
    process.kill(host.health.pid, "SIGINT");
    await passes(publisher, received, "still there");
    expect(host.health.restartCount).toBe(0);
  });
});

describe("an rclnodejs host whose service dies", () => {
  it.each(["SIGKILL", "SIGTERM"] as const)("ends with it: %s", async (signal) => {
    const owner = fileURLToPath(inDist("test/fakes/rclnodejs-owner.js"));
    const service = spawn(process.execPath, [owner, String(domainId)], { stdio: "pipe" });
    const [line] = (await once(service.stdout, "data")) as [Buffer];
    const hostPid = Number(line.toString());
    expect(isThere(hostPid)).toBe(true);
    service.kill(signal);
    await until(() => !isThere(hostPid), "the host is gone, too");
  });
});

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe("an rclnodejs host that does not start", () => {
  it.each([
    [
      "an unknown middleware",
      { RMW_IMPLEMENTATION: "rmw_unknown_cpp" },
      /SIGABRT.*librmw_unknown_cpp/,
    ],
    ["an environment that is not sourced", { AMENT_PREFIX_PATH: "" }, /native binary was deleted/],
  ])("tells why: %s", async (_, environment, reason) => {
    await expect(openTestRclnodejs({ domainId, nodeName: "host", environment })).rejects.toThrow(
      reason,
    );
  });

  it("names what another release of the package lacks", async () => {
    const module = new URL(`data:text/javascript,${encodeURIComponent("export const init = 1;")}`);
    await expect(openTestRclnodejs({ domainId, nodeName: "host", module })).rejects.toThrow(
      /\[ros\/transport\] rclnodejs has no init, shutdown.*Node\.createPublisher/,
    );
  });
});

/** Has the host's own process publish a message at which the stand-in does as it is told. */
function say(text: string): (host: RclnodejsTransport) => void {
  return (host) => {
    host.advertise(topic).publish(stringCdr(text));
  };
}
