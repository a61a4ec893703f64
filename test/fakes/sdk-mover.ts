// A process of its own that turns the yaw through the SDK: `node sdk-mover.js <url> <rad/s> <ttlMs>`. It
// repeats the command until the moment a line on standard input names (CLOCK_MONOTONIC ms, `Infinity` goes
// on again), and says in JSON lines what it was told of each.
import process from "node:process";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { WebSocket } from "ws";
import { connectControl } from "../../bridge/client/index.ts";
import { monotonicMs } from "../../bridge/contract/clock.ts";

/** What this process was told of one command; `ready` once the clocks are compared and it has control. */
export interface MoverLine {
  readonly kind: "ready" | "sent" | "ack";
  readonly id?: number;
  readonly atMs?: number;
  readonly status?: string;
  readonly code?: string;
  readonly ageMs?: number;
}

const periodMs = 40;
const [url = "", velocity = "0.8", ttl = "200"] = process.argv.slice(2);
const say = (line: MoverLine): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

const client = await connectControl(url, { role: "controller", client: "mover", WebSocket });
client.on("ack", ({ id, status, code, ageMs }) => {
  say({
    kind: "ack",
    id,
    status,
    ...(code === undefined ? {} : { code }),
    ...(ageMs === undefined ? {} : { ageMs }),
  });
});
const lease = await client.acquire("mount0");
// The server knows the offset from the second exchange on.
await sleep(400);

let untilMs = Number.POSITIVE_INFINITY;
createInterface({ input: process.stdin }).on("line", (line) => {
  untilMs = Number(line);
});
setInterval(() => {
  if (monotonicMs() >= untilMs) return;
  const id = client.nextId();
  const motion = client.move({
    type: "command",
    id,
    seq: client.nextSeq(),
    device: "mount0",
    lease: lease.ticket,
    kind: "velocity",
    velRadPerS: { yaw: Number(velocity) },
    ttlMs: Number(ttl),
    acks: "all",
    sentAtMs: performance.now(),
  });
  say({ kind: "sent", id, atMs: monotonicMs() });
  // What became of it is told by its acknowledgements.
  motion.done.catch(() => undefined);
}, periodMs);
say({ kind: "ready" });
