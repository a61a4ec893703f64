import process from "node:process";
import { parseArgs } from "node:util";
import type { RosServices } from "../../bridge/contract/ros-services.ts";
import { openBridgeTransport } from "./open-bridge-transport.ts";

/**
 * AddTwoInts over the bridge's own transport, with the command line of cyclone/cyclone-service.c:
 *
 *     bridge-service serve|call add --topic NAME [--count N] [--domain N] [--secs S] [--localhost]
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    topic: { type: "string", default: "add_two_ints" },
    count: { type: "string", default: "1" },
    domain: { type: "string", default: "0" },
    secs: { type: "string", default: "30" },
    localhost: { type: "boolean", default: false },
  },
});
const service = { name: `/${values.topic}`, type: "example_interfaces/srv/AddTwoInts" };
const timeoutMs = Number(values.secs) * 1000;
const life = { over: false, end: (): void => undefined };
for (const name of ["SIGTERM", "SIGINT"] as const) {
  process.once(name, () => {
    life.over = true;
    life.end();
  });
}

await using transport = await openBridgeTransport({
  domainId: Number(values.domain),
  discoveryRange: values.localhost ? "LOCALHOST" : "SUBNET",
});
if (positionals[0] === "serve") await serve(transport);
else await call(transport);

async function serve(services: RosServices): Promise<void> {
  services.serve(service, (request) => {
    const [a, b] = [integerOf(request, 0), integerOf(request, 1)];
    say("served", { a, b });
    return cdrOf(a + b);
  });
  say("ready");
  await new Promise<void>((resolve) => {
    life.end = resolve;
    setTimeout(resolve, timeoutMs).unref();
    // Neither the transport nor the timer above holds the process.
    setInterval(() => undefined, 1000).unref();
    if (life.over) resolve();
  });
}

async function call(services: Awaited<ReturnType<typeof openBridgeTransport>>): Promise<void> {
  const client = services.client(service);
  say("ready");
  if (!(await client.waitForServer({ timeoutMs }))) {
    process.exitCode = 3;
    return;
  }
  say("matched", { count: client.serverCount });
  for (let number = 1; !life.over && number <= Number(values.count); number += 1) {
    const startMs = performance.now();
    const reply = await client.call(cdrOf(number, 1_000_000 * number), { timeoutMs });
    say("reply", { sum: integerOf(reply, 0), tookUs: (performance.now() - startMs) * 1000 });
  }
  const { services: known } = await services.graph();
  say("graph", { services: known });
}

/** int64 fields behind the encapsulation header, little endian. */
function cdrOf(...integers: readonly number[]): Uint8Array {
  const cdr = Buffer.alloc(4 + 8 * integers.length);
  cdr.writeUInt8(1, 1);
  integers.forEach((integer, index) => cdr.writeBigInt64LE(BigInt(integer), 4 + 8 * index));
  return cdr;
}

function integerOf(cdr: Uint8Array, index: number): number {
  return Number(Buffer.from(cdr).readBigInt64LE(4 + 8 * index));
}

function say(event: string, fields: object = {}): void {
  process.stdout.write(`${JSON.stringify({ event, ...fields })}\n`);
}
