import { execFile } from "node:child_process";
import process from "node:process";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildGazeboPeer } from "../../peers/build.ts";
import { describePeer } from "../../peers/describe-peer.ts";
import { ownGazeboPeer, startGazeboPeer } from "../../peers/gazebo/start-gazebo-peer.ts";
import { openPeerNetwork, type PeerNetwork } from "../../peers/netns.ts";
import type { PeerEvent, PeerProcess } from "../../peers/peer-process.ts";

const gazebo = await buildGazeboPeer();
const run = promisify(execFile);

let network: PeerNetwork;
let partition = "";
let count = 0;
beforeAll(async () => {
  network = await openPeerNetwork();
});
afterAll(async () => {
  await network[Symbol.asyncDispose]();
});

/** A fresh partition for every test: peers of different tests do not meet. */
function own(...args: string[]): PeerProcess {
  return startGazeboPeer(network, partition, ownGazeboPeer, args);
}

/** Runs one of Gazebo's command lines to its end and gives what it printed. */
async function gazeboCommand(program: string, ...args: string[]): Promise<string> {
  const [file, words] = network.command(program, args);
  const env = { ...process.env, IGN_PARTITION: partition, IGN_IP: "127.0.0.1" };
  const { stdout } = await run(file, words, { env, timeout: 15_000 });
  return stdout;
}

/** A listing looks for a moment and may miss an advertisement, which comes once a second. */
async function listing(program: string, ...args: string[]): Promise<string> {
  for (let tries = 0; ; tries += 1) {
    const text = await gazeboCommand(program, ...args);
    if (tries === 9 || !(text === "" || text.startsWith("No "))) return text;
  }
}

const newest = (events: readonly PeerEvent[]): PeerEvent | undefined => events.at(-1);

describe("gz-transport and Gazebo's own", () => {
  describePeer("libignition-transport 11", gazebo, ({ peer, topic, service }) => {
    const theirs = (...args: string[]): PeerProcess =>
      startGazeboPeer(network, partition, [peer], args);
    const each = (title: string, test: () => Promise<void>): void => {
      it(title, async () => {
        count += 1;
        partition = `peers-${process.pid}-${count}`;
        await test();
      });
    };

    each("ign-transport-topic hears us and lists our topic", async () => {
      await using speaker = own("say", "/chat", "--rate", "20");
      await speaker.until("ready");
      expect(await gazeboCommand(topic, "-e", "-t", "/chat", "-n", "2")).toMatch(
        /data: "text \d+"\n\ndata: "text \d+"/,
      );
      expect(await listing(topic, "-l")).toBe("/chat\n");
      expect(await listing(topic, "-i", "-t", "/chat")).toMatch(
        /tcp:\/\/127\.0\.0\.1:\d+, ignition\.msgs\.StringMsg/,
      );
    });

    each("we hear what ign-transport-topic publishes", async () => {
      await using listener = own("hear", "/chat");
      await listener.until("ready");
      const message = ["-m", "ignition.msgs.StringMsg", "-p", 'data: "from the command line"'];
      // It ends without waiting for its one message to be sent, so on a busy machine some are lost.
      for (let tries = 0; tries < 10 && listener.all("sample").length === 0; tries += 1) {
        await gazeboCommand(topic, "-t", "/chat", ...message);
      }
      expect((await listener.until("sample"))[0]).toMatchObject({ data: "from the command line" });
    });

    each("ign-transport-service calls our service and lists it", async () => {
      await using server = own("serve", "/world/desk/control");
      await server.until("ready");
      const reply = await gazeboCommand(
        service,
        ...["-s", "/world/desk/control", "--timeout", "5000"],
        ...["--reqtype", "ignition.msgs.WorldControl", "--reptype", "ignition.msgs.Boolean"],
        ...["--req", "pause: true, multi_step: 7"],
      );
      expect(reply).toContain("data: true");
      expect(await server.until("request")).toMatchObject([{ pause: true, multiStep: 7 }]);
      expect(await listing(service, "-l")).toBe("/world/desk/control\n");
    });

    each("services work both ways, call after call", async () => {
      await using theirServer = theirs("serve", "/theirs");
      await using ourServer = own("serve", "/ours");
      await Promise.all([theirServer.until("ready"), ourServer.until("ready")]);
      await using ourClient = own("call", "/theirs", "--count", "20");
      await using theirClient = theirs("call", "/ours", "--count", "20");
      expect(await ourClient.until("reply", 20)).toHaveLength(20);
      expect(await theirClient.until("reply", 20)).toHaveLength(20);
      const asked = await theirServer.until("request", 20);
      expect(asked.map((request) => request["multiStep"])).toEqual(
        Array.from({ length: 20 }, (_, i) => i + 1),
      );
    });

    each("joint states at 1 kHz arrive whole and in order, both ways", async () => {
      const stream = ["--count", "5000", "--rate", "1000"];
      await using ourEcho = own("stats", "/theirs", "--report-every", "2500");
      await using theirEcho = theirs("stats", "/ours", "--report-every", "2500");
      await Promise.all([ourEcho.until("ready"), theirEcho.until("ready")]);
      await using theirSource = theirs("pub", "/theirs", ...stream);
      await using ourSource = own("pub", "/ours", ...stream);
      const [heard, toThem] = await Promise.all([
        ourEcho.until("stats", 1),
        theirEcho.until("stats", 1),
      ]);
      expect(newest(heard)).toMatchObject({ joints: 4, gaps: 0 });
      expect(newest(toThem)).toMatchObject({ joints: 4, gaps: 0 });
      expect(theirSource.all("failed").concat(ourSource.all("failed"))).toEqual([]);
    });

    for (const [title, subscriber, publisher] of [
      ["our subscriber hears their publisher", own, theirs],
      ["their subscriber hears our publisher", theirs, own],
    ] as const) {
      each(`${title} again after its restart`, async () => {
        await using echo = subscriber("stats", "/stream", "--report-every", "100");
        await echo.until("ready");
        {
          await using first = publisher("pub", "/stream");
          await first.until("ready");
          await echo.until("stats");
        }
        const before = echo.all("stats").length;
        await using second = publisher("pub", "/stream");
        await second.until("ready");
        await echo.until("stats", before + 3);
      });
    }

    each("a service answers again after its restart", async () => {
      for (const program of [theirs, own]) {
        await using server = program("serve", "/control");
        await server.until("ready");
        await using client = own("call", "/control");
        await client.until("reply");
      }
    });

    each("peers of another partition are not heard", async () => {
      await using speaker = theirs("say", "/chat", "--rate", "20");
      await speaker.until("ready");
      partition += "-other";
      await using listener = own("hear", "/chat", "--secs", "2");
      await listener.exited;
      expect(listener.all("sample")).toEqual([]);
    });
  });
});
