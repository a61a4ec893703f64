import { readFileSync } from "node:fs";

export interface PeerDatagram {
  readonly stack: "cyclone" | "fastdds";
  readonly bytes: Buffer;
}

const infoDestination = 0x0e;
const headerBytes = 20;
const prefixBytes = 12;

/** What the peers sent, oldest first; said to `destination` instead of whom it was meant for. */
export function peerDatagrams(destination?: Buffer): PeerDatagram[] {
  const url = new URL("peer-datagrams.jsonl", import.meta.url);
  return readFileSync(url, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const { stack, hex } = JSON.parse(line) as { stack: PeerDatagram["stack"]; hex: string };
      const bytes = Buffer.from(hex, "hex");
      // The destination, where there is one, comes first of all submessages.
      if (destination !== undefined && bytes[headerBytes] === infoDestination) {
        destination.copy(bytes, headerBytes + 4, 0, prefixBytes);
      }
      return { stack, bytes };
    });
}
