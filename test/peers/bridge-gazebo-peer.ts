import process from "node:process";
import { parseArgs } from "node:util";
import { monotonicMs } from "../../bridge/contract/clock.ts";
import { Boolean as BooleanMsg, StringMsg, timeOf } from "../../sims/gazebo/messages/basic.ts";
import { JointStateReader } from "../../sims/gazebo/joint-state-reader.ts";
import { Model } from "../../sims/gazebo/messages/joints.ts";
import { WorldControl } from "../../sims/gazebo/messages/world.ts";
import { GzTransport } from "../../sims/gazebo/transport/gz-transport.ts";
import { networkSettings } from "../../sims/gazebo/transport/network-settings.ts";

// Our own gz-transport as a peer, with the command line of `gazebo/gz-peer.cpp`:
//   pub|stats TOPIC (joint states), say|hear TOPIC (text), serve|call NAME (world control)
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rate: { type: "string", default: "1000" },
    count: { type: "string", default: "0" },
    joints: { type: "string", default: "4" },
    secs: { type: "string", default: "60" },
    "report-every": { type: "string", default: "0" },
  },
});
const [mode = "", name = ""] = positionals;
const count = Number(values.count);

function print(event: string, fields: Readonly<Record<string, unknown>> = {}): void {
  process.stdout.write(`${JSON.stringify({ event, ...fields })}\n`);
}

function jointStates(sequence: number): Parameters<typeof Model.encode>[0] {
  return {
    name: "peer",
    header: { stamp: timeOf(monotonicMs() / 1e3) },
    joint: Array.from({ length: Number(values.joints) }, (_, index) => ({
      name: `joint${index + 1}`,
      axis1: { position: sequence + index / 4, velocity: -index, force: sequence },
    })),
  };
}

function publishJointStates(gz: GzTransport): void {
  const publisher = gz.advertise(name, Model);
  const periodMs = 1000 / Number(values.rate);
  let sequence = 0;
  let nextMs = 0;
  const timer = setInterval(() => {
    if (publisher.subscriberCount === 0) return;
    if (nextMs === 0) nextMs = monotonicMs();
    for (; nextMs <= monotonicMs() && (count === 0 || sequence < count); nextMs += periodMs) {
      sequence += 1;
      publisher.publish(jointStates(sequence));
    }
    if (count > 0 && sequence >= count) {
      clearInterval(timer);
      print("sent", { count: sequence, dropped: gz.stats().droppedMessageCount });
    }
  }, 1);
}

function reportJointStates(gz: GzTransport): void {
  const latenciesMs: number[] = [];
  let last = 0;
  let gaps = 0;
  let received = 0;
  let windowStart = process.cpuUsage();
  let windowMs = monotonicMs();
  const every = Number(values["report-every"]) || count;
  const joints = Array.from({ length: Number(values.joints) }, (_, i) => `joint${i + 1}`);
  // As the backend reads them.
  const reader = new JointStateReader(joints);
  gz.subscribeEncoded(name, Model, (payload) => {
    if (reader.read(payload) !== "ok") return;
    const sequence = Math.round(reader.row[0] ?? 0);
    if (last > 0 && sequence !== last + 1) gaps += 1;
    last = sequence;
    received += 1;
    latenciesMs.push(monotonicMs() - reader.stampMs);
    if (latenciesMs.length < every) return;
    latenciesMs.sort((a, b) => a - b);
    const quantile = (q: number): number =>
      latenciesMs[Math.min(latenciesMs.length - 1, Math.floor(q * latenciesMs.length))] ?? 0;
    const cpu = process.cpuUsage(windowStart);
    const wallMs = monotonicMs() - windowMs;
    print("stats", {
      received,
      gaps,
      joints: joints.length,
      p50Ms: quantile(0.5),
      p99Ms: quantile(0.99),
      cpuPercent: (cpu.user + cpu.system) / 10 / wallMs,
      ratePerS: (1e3 * latenciesMs.length) / wallMs,
    });
    latenciesMs.length = 0;
    windowStart = process.cpuUsage();
    windowMs = monotonicMs();
  });
}

async function callControl(gz: GzTransport): Promise<void> {
  for (let i = 1; i <= Math.max(1, count); i += 1) {
    const startMs = monotonicMs();
    const reply = await gz.request(name, {
      request: WorldControl,
      response: BooleanMsg,
      draft: { pause: true, multiStep: i },
      timeoutMs: 5000,
    });
    print("reply", { data: reply?.data, tookMs: monotonicMs() - startMs });
  }
}

const gz = await GzTransport.open(networkSettings({ release: "fortress" }, process.env));
process.once("SIGTERM", () => {
  gz[Symbol.dispose]();
  process.exit(0);
});
setTimeout(
  () => {
    process.exit(0);
  },
  Number(values.secs) * 1e3,
).unref();
print("ready");
switch (mode) {
  case "pub":
    publishJointStates(gz);
    break;
  case "stats":
    reportJointStates(gz);
    break;
  case "say": {
    const publisher = gz.advertise(name, StringMsg);
    let sequence = 0;
    setInterval(
      () => {
        sequence += 1;
        publisher.publish({ data: `text ${sequence}` });
      },
      1000 / Number(values.rate),
    );
    break;
  }
  case "hear":
    gz.subscribe(name, StringMsg, ({ data }) => {
      print("sample", { data });
    });
    break;
  case "serve":
    gz.serve(name, { request: WorldControl, response: BooleanMsg }, (request) => {
      print("request", { pause: request.pause, multiStep: request.multiStep });
      return { data: request.pause };
    });
    break;
  case "call":
    try {
      await callControl(gz);
    } catch (error) {
      print("failed", { text: String(error) });
    }
    gz[Symbol.dispose]();
    break;
  case "topics":
    setInterval(() => {
      print("topics", { topics: gz.topics() });
    }, 500);
    break;
  default:
    print("failed", { text: `mode ${mode} is unknown` });
    process.exit(2);
}
