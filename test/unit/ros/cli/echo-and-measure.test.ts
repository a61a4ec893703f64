import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { RosQos } from "../../../../bridge/contract/ros-transport.ts";
import { echoTopic, type EchoOptions } from "../../../../ros/cli/echo-topic.ts";
import { measureTopic } from "../../../../ros/cli/measure-topic.ts";
import { messageWriter } from "../../../../ros/messages/codec.ts";
import { MemoryRosGraph } from "../../../fakes/memory-ros-graph.ts";

const qos: RosQos = { reliability: "reliable", durability: "volatile", depth: 10 };
const clockType = "rosgraph_msgs/msg/Clock";
const encode = messageWriter(clockType);

function rig() {
  const graph = new MemoryRosGraph();
  const printed: string[] = [];
  const notes: string[] = [];
  const stop = new AbortController();
  const say = {
    print: (text: string): void => void printed.push(text),
    note: (text: string): void => void notes.push(text),
    signal: stop.signal,
  };
  const echo = (options: Partial<EchoOptions> = {}): Promise<boolean> =>
    echoTopic(graph, { topic: "/clock", ...say, ...options });
  const advertise = (type = clockType) => graph.advertise({ name: "/clock", type, qos });
  return { graph, printed, notes, stop, say, echo, advertise };
}

const second = (sec: number): Uint8Array => encode({ clock: { sec, nanosec: 0 } });
const matched = async (publisher: { readonly matchedCount: number }): Promise<void> => {
  while (publisher.matchedCount === 0) await sleep(1);
};

describe("echo", () => {
  it("prints message by message until it is told to stop", async () => {
    const { advertise, echo, printed, stop } = rig();
    const publisher = advertise();
    const done = echo({ topic: "clock" });
    await matched(publisher);
    publisher.publish(second(1));
    publisher.publish(second(2));
    stop.abort();
    expect(await done).toBe(true);
    expect(printed.join("")).toBe(
      "clock:\n  sec: 1\n  nanosec: 0\n---\nclock:\n  sec: 2\n  nanosec: 0\n---\n",
    );
    expect(publisher.matchedCount, "it has left").toBe(0);
  });

  it.each<[Partial<EchoOptions>, string]>([
    [{ once: true }, "clock:\n  sec: 1\n  nanosec: 0\n---\n"],
    [{ once: true, csv: true }, "1,0\n"],
    [{ once: true, field: "clock.sec" }, "1\n---\n"],
  ])("with %o prints what is asked for, and ends", async (options, text) => {
    const { advertise, echo, printed } = rig();
    const publisher = advertise();
    const done = echo(options);
    await matched(publisher);
    publisher.publish(second(1));
    publisher.publish(second(2));
    expect(await done).toBe(true);
    expect(printed.join("")).toBe(text);
  });

  it("waits for a topic that nobody publishes yet, and says so once", async () => {
    const { advertise, echo, printed, notes } = rig();
    const done = echo({ once: true });
    await sleep(1800);
    const publisher = advertise();
    await matched(publisher);
    publisher.publish(second(7));
    expect(await done).toBe(true);
    expect(notes).toEqual(["WARNING: topic [/clock] does not appear to be published yet"]);
    expect(printed).toHaveLength(1);
  });

  it("that waits can be stopped", async () => {
    const { echo, stop } = rig();
    const done = echo();
    stop.abort(new Error("interrupted"));
    await expect(done).rejects.toThrow("interrupted");
  });

  it("of a type without a definition tells type and size", async () => {
    const { advertise, echo, printed, notes } = rig();
    const publisher = advertise("my_msgs/msg/Secret");
    const done = echo({ once: true });
    await matched(publisher);
    publisher.publish(new Uint8Array(12));
    await done;
    expect(printed).toEqual(["<my_msgs/msg/Secret: 12 bytes>\n---\n"]);
    expect(notes[0]).toContain("no definition of my_msgs/msg/Secret");
  });

  it("ends at a field that is not there", async () => {
    const { advertise, echo, notes } = rig();
    const publisher = advertise();
    const done = echo({ field: "clock.week" });
    await matched(publisher);
    publisher.publish(second(1));
    expect(await done).toBe(false);
    expect(notes[0]).toBe('clock has no field "week", it has sec, nanosec');
  });

  it("goes on after bytes that are no message", async () => {
    const { advertise, echo, printed, notes } = rig();
    const publisher = advertise();
    const done = echo({ once: true });
    await matched(publisher);
    publisher.publish(new Uint8Array(2));
    publisher.publish(second(1));
    expect(await done).toBe(true);
    expect(notes).toHaveLength(1);
    expect(printed).toHaveLength(1);
  });

  it("of a topic with two types asks which", async () => {
    const { graph, advertise, echo } = rig();
    advertise();
    graph.advertise({ name: "/clock", type: "std_msgs/msg/String", qos });
    await expect(echo()).rejects.toThrow("more than one type: rosgraph_msgs/msg/Clock, std_msgs");
    await expect(echo({ type: "a_msgs/msg/B" })).rejects.toThrow("asked for as a_msgs/msg/B");
  });
});

describe("hz", () => {
  it("tells the rate once a second", async () => {
    const { graph, advertise, printed, say } = rig();
    const publisher = advertise();
    const done = measureTopic(graph, { topic: "/clock", reports: 1, ...say });
    await matched(publisher);
    const timer = setInterval(() => {
      publisher.publish(second(1));
    }, 20);
    await done;
    clearInterval(timer);
    expect(printed.join("")).toMatch(
      /^average rate: \d+\.\d{3}\n\tmin: 0\.\d{3}s max: 0\.\d{3}s std dev: 0\.\d{5}s window: \d+\n$/,
    );
  });
});
