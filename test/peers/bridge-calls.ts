import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Heartbeats } from "../../bridge/contract/heartbeats.ts";
import { silentLog } from "../../bridge/contract/log.ts";
import type { RosService } from "../../bridge/contract/ros-services.ts";
import { structureReader, structureWriter } from "../../ros/messages/codec.ts";
import { openRtpsTransport, type RtpsTransport } from "../../ros/rtps-transport.ts";

/** The bridge's services behind the peers' command line. Runs from dist/, inside a PeerNetwork. */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    topic: { type: "string", default: "/test/add" },
    localhost: { type: "boolean", default: false },
    domain: { type: "string", default: "0" },
    count: { type: "string", default: "0" },
    secs: { type: "string", default: "30" },
    linger: { type: "string", default: "1" },
  },
});

interface Request {
  readonly a: bigint;
  readonly b: bigint;
}
interface Response {
  readonly sum: bigint;
}
const service: RosService = { name: values.topic, type: "example_interfaces/srv/AddTwoInts" };
const readRequest = structureReader<Request>(`${service.type}_Request`);
const writeRequest = structureWriter<Request>(`${service.type}_Request`);
const readResponse = structureReader<Response>(`${service.type}_Response`);
const writeResponse = structureWriter<Response>(`${service.type}_Response`);
const stop = new AbortController();
for (const name of ["SIGTERM", "SIGINT"] as const) {
  process.once(name, () => {
    stop.abort();
  });
}

await using transport = await openRtpsTransport({
  domainId: Number(values.domain),
  discoveryRange: values.localhost ? "LOCALHOST" : "SUBNET",
  workerEntry: new URL("../../ros/rtps-host-worker.js", import.meta.url),
  heartbeats: new Heartbeats(),
  log: silentLog,
  nodeName: "bridge_service",
  namespace: "/",
  staticPeers: [],
  interfaces: [],
});
if (positionals[0] === "serve") await serve(transport);
else await call(transport);

async function serve(on: RtpsTransport): Promise<void> {
  on.serve(service, (cdr) => {
    const { a, b } = readRequest(cdr);
    say("request", { a: Number(a), b: Number(b) });
    return writeResponse({ sum: a + b });
  });
  say("ready");
  await delay(1000 * Number(values.secs), undefined, { signal: stop.signal }).catch(
    () => undefined,
  );
}

async function call(on: RtpsTransport): Promise<void> {
  const client = on.client(service);
  say("ready");
  if (!(await client.waitForServer({ timeoutMs: 1000 * Number(values.secs) }))) {
    process.exitCode = 3;
    return;
  }
  say("matched");
  for (let i = 0n; i < BigInt(values.count) && !stop.signal.aborted; i += 1n) {
    try {
      const cdr = await client.call(writeRequest({ a: i, b: 1000n }), { timeoutMs: 3000 });
      say("response", { sum: Number(readResponse(cdr).sum) });
    } catch {
      say("timeout");
    }
  }
  const graph = await on.graph();
  say("graph", { services: graph.services, nodes: graph.nodes });
  say("done");
}

function say(event: string, fields: object = {}): void {
  process.stdout.write(`${JSON.stringify({ event, ...fields })}\n`);
}
