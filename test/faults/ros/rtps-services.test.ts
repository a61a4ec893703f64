import { describe, expect, it } from "vitest";
import type { RosService } from "../../../bridge/contract/ros-services.ts";
import type { ParticipantOptions } from "../../../ros/rtps/participant-options.ts";
import type { CallOutcome } from "../../../ros/rtps/services/service-client.ts";
import { bad, good, message, numberOf, World } from "./rtps-world.ts";

const service: RosService = { name: "/test/add", type: "std_srvs/srv/Trigger" };

/** Answers with the request's number plus `plus`, in a message of `sizeBytes`. */
function serve(
  world: World,
  name: string,
  plus: number,
  sizeBytes = 12,
  options: Partial<ParticipantOptions> = {},
): ReturnType<World["join"]> {
  const joined = world.join(name, options);
  joined.node.createService({
    service,
    onRequest: (cdr, respond) => {
      respond(message(numberOf(cdr) + plus, sizeBytes));
    },
  });
  return joined;
}

/** Says goodbye, on simulated time. */
async function leave(world: World, node: AsyncDisposable): Promise<void> {
  const gone = Promise.resolve(node[Symbol.asyncDispose]());
  for (let step = 0; step < 50; step += 1) {
    world.scheduler.advance(5);
    await Promise.resolve();
  }
  await gone;
}

function numbersOf(outcomes: readonly CallOutcome[]): (number | string)[] {
  return outcomes.map((outcome) => ("cdr" in outcome ? numberOf(outcome.cdr) : outcome.failure));
}

describe("a service between two participants", () => {
  it("answers each of many calls of two clients with its own response", () => {
    const world = new World(1, good);
    serve(world, "server", 1000);
    const one = world.join("one").node.createClient({ service });
    const two = world.join("two").node.createClient({ service });
    world.until(() => one.serverCount === 1 && two.serverCount === 1, 3000);
    const answers: { one: CallOutcome[]; two: CallOutcome[] } = { one: [], two: [] };
    for (let number = 0; number < 30; number += 1) {
      one.call(message(number, 12), 2000, (outcome) => answers.one.push(outcome));
      two.call(message(number + 500, 12), 2000, (outcome) => answers.two.push(outcome));
    }
    world.until(() => answers.one.length === 30 && answers.two.length === 30, 3000);
    expect(numbersOf(answers.one)).toEqual(Array.from({ length: 30 }, (_, i) => 1000 + i));
    expect(numbersOf(answers.two)).toEqual(Array.from({ length: 30 }, (_, i) => 1500 + i));
  });

  it.each([1, 2, 3])("loses no call at 10 %% loss, also in fragments (seed %i)", (seed) => {
    const world = new World(seed, bad);
    serve(world, "server", 1, 5000);
    const client = world.join("client").node.createClient({ service });
    const answers: CallOutcome[] = [];
    for (let number = 0; number < 40; number += 1) {
      world.scheduler.advance(20);
      client.call(message(number, 3000), 30_000, (outcome) => answers.push(outcome));
    }
    world.until(() => answers.length === 40, 30_000);
    expect(numbersOf(answers).sort((a, b) => Number(a) - Number(b))).toEqual(
      Array.from({ length: 40 }, (_, i) => i + 1),
    );
  });

  it("holds calls until there is a server, and tells when there is none any more", async () => {
    const world = new World(1, good);
    const counts: number[] = [];
    const client = world.join("client").node.createClient({
      service,
      onServers: (count) => counts.push(count),
    });
    const answers: CallOutcome[] = [];
    client.call(message(7, 12), 10_000, (outcome) => answers.push(outcome));
    world.scheduler.advance(2000);
    const server = serve(world, "server", 0);
    world.until(() => answers.length === 1, 5000);
    expect(numbersOf(answers)).toEqual([7]);
    await leave(world, server.node);
    world.until(() => client.serverCount === 0, 5000);
    expect(counts).toEqual([1, 0]);
  });

  it("fails a call by name: no server in time, closed, too many pending", () => {
    const world = new World(1, good);
    const client = world.join("client").node.createClient({ service });
    const answers: CallOutcome[] = [];
    const push = (outcome: CallOutcome): void => {
      answers.push(outcome);
    };
    client.call(message(1, 12), 100, push);
    world.scheduler.advance(99);
    expect(answers).toEqual([]);
    world.scheduler.advance(2);
    for (let number = 0; number < 257; number += 1) client.call(message(1, 12), 60_000, push);
    client.close();
    client.call(message(1, 12), 100, push);
    const failures = numbersOf(answers);
    expect(failures.slice(0, 2)).toEqual(["timeout", "too-many"]);
    expect(failures.slice(2)).toEqual(Array.from({ length: 257 }, () => "closed"));
  });

  it("calls one of two servers, not both", () => {
    const world = new World(1, good);
    const called: string[] = [];
    for (const name of ["one", "two"]) {
      world.join(name).node.createService({
        service,
        onRequest: (cdr, respond) => {
          called.push(name);
          respond(message(numberOf(cdr), 12));
        },
      });
    }
    const client = world.join("client").node.createClient({ service });
    world.until(() => client.serverCount === 2, 5000);
    const answers: CallOutcome[] = [];
    for (let number = 0; number < 5; number += 1) {
      client.call(message(number, 12), 1000, (outcome) => answers.push(outcome));
    }
    world.scheduler.advance(2000);
    expect(numbersOf(answers)).toEqual([0, 1, 2, 3, 4]);
    expect(called).toHaveLength(5);
    expect(new Set(called).size).toBe(1);
  });

  it("that is never answered leaves the client to its own patience", () => {
    const world = new World(1, good);
    const { node } = world.join("server");
    const server = node.createService({
      service,
      onRequest: (_cdr, respond) => {
        respond(undefined);
      },
    });
    const client = world.join("client").node.createClient({ service });
    const answers: CallOutcome[] = [];
    client.call(message(1, 12), 3000, (outcome) => answers.push(outcome));
    world.until(() => answers.length === 1, 5000);
    expect(numbersOf(answers)).toEqual(["timeout"]);
    expect(server.stats()).toMatchObject({ requestCount: 1, responseCount: 0 });
  });
});

describe("the graph", () => {
  it("shows nodes, topics with their hashes, and services of everyone, and forgets who leaves", async () => {
    const world = new World(1, good);
    const { node } = world.join("looker", { namespace: "/eyes" });
    const other = serve(world, "server", 0, 12, { typeHashOf: () => "RIHS01_ab" });
    const qos = { reliability: "reliable", durability: "volatile", depth: 1 } as const;
    const topic = { name: "/test/topic", type: "std_msgs/msg/String", qos };
    other.node.createWriter({ topic });
    node.createClient({ service });
    // The graph is published once per turn of the event loop.
    await Promise.resolve();
    world.scheduler.advance(2000);
    expect(node.graph()).toEqual({
      nodes: [
        { name: "/eyes/looker", enclave: "/" },
        { name: "/server", enclave: "/" },
      ],
      topics: [
        {
          name: "/test/topic",
          types: ["std_msgs/msg/String"],
          publishers: [
            {
              node: "/server",
              type: "std_msgs/msg/String",
              typeHash: "RIHS01_ab",
              qos: { ...qos, history: "keep_last", liveliness: "automatic" },
            },
          ],
          subscriptions: [],
        },
      ],
      services: [
        {
          name: "/test/add",
          types: ["std_srvs/srv/Trigger"],
          servers: ["/server"],
          clients: ["/eyes/looker"],
        },
      ],
    });
    await leave(world, other.node);
    world.scheduler.advance(2000);
    expect(node.graph().nodes).toEqual([{ name: "/eyes/looker", enclave: "/" }]);
    expect(node.graph().topics).toEqual([]);
  });

  it.each(["humble", "jazzy"] as const)("reads the nodes of a peer of %s", async (distribution) => {
    const world = new World(1, good);
    const { node } = world.join("looker");
    world.join("peer", { distribution, enclave: "/safe" });
    await Promise.resolve();
    world.scheduler.advance(1000);
    expect(node.graph().nodes).toContainEqual({ name: "/peer", enclave: "/safe" });
  });
});
