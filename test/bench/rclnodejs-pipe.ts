import { fork } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { HostProcess } from "../../ros/rclnodejs/host-process.ts";

/**
 * What the pipe to the host process costs against Node's own channel between processes (`fork`, with
 * structured clone), both in one run: a message goes to the other process and comes back.
 *
 *   npm run build && node dist/test/bench/rclnodejs-pipe.js
 */
const echoEntry = new URL("rclnodejs-pipe-echo.js", import.meta.url);
const sizes = [
  { name: "JointState of 7 joints", bytes: 356, count: 4000, rateHz: 1000 },
  { name: "picture 640x480 in colour", bytes: 921_600, count: 150, rateHz: 30 },
];

interface Channel extends AsyncDisposable {
  readonly send: (message: Uint8Array) => void;
  onMessage: (message: Uint8Array) => void;
}

async function openPipe(): Promise<Channel> {
  const channel: { onMessage: (message: Uint8Array) => void } = { onMessage: () => undefined };
  const host = await HostProcess.open<object>({
    entry: echoEntry,
    environment: { PATH: process.env["PATH"] ?? "" },
    opening: { kind: "open" },
    handler: {
      data: (_, cdr) => {
        channel.onMessage(cdr);
      },
      taken: () => undefined,
      note: () => undefined,
    },
  });
  return Object.assign(channel, {
    send: (message: Uint8Array) => {
      host.pipe.data(0, message);
    },
    [Symbol.asyncDispose]: () => host[Symbol.asyncDispose](),
  });
}

function openFork(): Channel {
  const child = fork(fileURLToPath(echoEntry), ["ipc"], { serialization: "advanced" });
  const channel: Channel = {
    onMessage: () => undefined,
    send: (message) => {
      child.send(message);
    },
    [Symbol.asyncDispose]: () => {
      child.kill();
      return Promise.resolve();
    },
  };
  child.on("message", (message) => {
    channel.onMessage(message as Uint8Array);
  });
  return channel;
}

interface Measured {
  readonly p50Us: number;
  readonly p99Us: number;
  readonly cpuPercent: number;
}

async function measure(
  channel: Channel,
  { bytes, count, rateHz }: (typeof sizes)[number],
): Promise<Measured> {
  const message = Buffer.alloc(bytes, 1);
  const sentMs: number[] = [];
  const tookMs: number[] = [];
  const all = new Promise<void>((resolve) => {
    channel.onMessage = () => {
      tookMs.push(performance.now() - (sentMs[tookMs.length] ?? 0));
      if (tookMs.length === count) resolve();
    };
  });
  const cpu = process.cpuUsage();
  const startMs = performance.now();
  for (let index = 0; index < count; index += 1) {
    const dueMs = startMs + (index * 1000) / rateHz;
    while (performance.now() < dueMs) await new Promise((resolve) => setTimeout(resolve, 1));
    sentMs.push(performance.now());
    channel.send(message);
  }
  await all;
  const wallUs = (performance.now() - startMs) * 1000;
  const { user, system } = process.cpuUsage(cpu);
  tookMs.sort((a, b) => a - b);
  const quantile = (q: number): number => Math.round(1000 * (tookMs[Math.floor(q * count)] ?? 0));
  return {
    p50Us: quantile(0.5),
    p99Us: quantile(0.99),
    cpuPercent: Math.round((1000 * (user + system)) / wallUs) / 10,
  };
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

for (const size of sizes) {
  const line = async (title: string, channel: Channel): Promise<Measured> => {
    const warm = { ...size, count: Math.ceil(size.count / 10) };
    await measure(channel, warm);
    const measured = await measure(channel, size);
    await channel[Symbol.asyncDispose]();
    const { p50Us, p99Us, cpuPercent } = measured;
    print(`${size.name}, ${size.rateHz} Hz there and back, ${title}:`);
    print(`  p50 ${p50Us} us, p99 ${p99Us} us, ${cpuPercent} % of a core on this side`);
    return measured;
  };
  const reference = await line("fork with structured clone (the unit)", openFork());
  const own = await line("pipe", await openPipe());
  const ratio = (a: number, b: number): string => (a / b).toFixed(2);
  print(
    `  pipe / fork: p50 ${ratio(own.p50Us, reference.p50Us)}, CPU ${ratio(own.cpuPercent, reference.cpuPercent)}\n`,
  );
}
