import { createSocket } from "node:dgram";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { metatrafficPort, multicastAddress, multicastPort } from "../../ros/rtps/wire/protocol.ts";
import { damaged, randomFrom } from "../fakes/mutations.ts";

/**
 * Sends datagrams no honest participant sends to everyone on this host's domain: random octets, and
 * what a peer recorded with octets changed or cut off, so that it claims to come from peers that exist.
 *
 *     bridge-junk --corpus FILE [--domain N] [--count N] [--seed N]
 */
const { values } = parseArgs({
  allowPositionals: true,
  options: {
    corpus: { type: "string" },
    domain: { type: "string", default: "0" },
    count: { type: "string", default: "40000" },
    seed: { type: "string", default: "1" },
  },
});
const domainId = Number(values.domain);
const count = Number(values.count);
const seed = Number(values.seed);
/** A millisecond's worth, so that the kernel's buffers do not drop what should be survived. */
const burst = 20;
const loopback = "127.0.0.1";

const corpus = readFileSync(values.corpus ?? "", "utf8")
  .split("\n")
  .filter((line) => line !== "")
  .map((line) => Buffer.from(line, "hex"));
const random = randomFrom(seed);
const targets = [
  { address: multicastAddress, port: multicastPort(domainId) },
  ...[0, 1, 2].flatMap((index) => [
    { address: loopback, port: metatrafficPort(domainId, index) },
    { address: loopback, port: metatrafficPort(domainId, index) + 1 },
  ]),
];

const socket = createSocket("udp4");
socket.bind(0, loopback);
await once(socket, "listening");
socket.setMulticastInterface(loopback);
for (let sent = 0; sent < count; sent += 1) {
  const target = targets[random(targets.length)];
  const datagram = datagramNumber(sent);
  if (target !== undefined && datagram.length > 0) {
    socket.send(datagram, target.port, target.address);
  }
  if (sent % burst === 0) await delay(1);
  if ((sent + 1) % 10_000 === 0) say("sent", { count: sent + 1 });
}
socket.close();

function datagramNumber(number: number): Uint8Array {
  const real = corpus[random(corpus.length)];
  if (real !== undefined && random(4) > 0) return damaged(real, seed + number);
  const octets = Uint8Array.from({ length: random(300) }, () => random(256));
  if (random(2) === 0) octets.set(Buffer.from("RTPS").subarray(0, octets.length));
  return octets;
}

function say(event: string, fields: object): void {
  process.stdout.write(`${JSON.stringify({ event, ...fields })}\n`);
}
