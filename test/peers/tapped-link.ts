import { appendFileSync } from "node:fs";
import type { DatagramLink } from "../../ros/rtps/transport/link.ts";
import { randomFrom } from "../fakes/mutations.ts";

export interface Loss {
  /** Of the datagrams in each direction, discovery included. */
  readonly ratio: number;
  /** Which ones: the same for the same traffic. */
  readonly seed: number;
}

/** A link over the same sockets that loses datagrams on their way out and in. */
export function lossyLink(link: DatagramLink, { ratio, seed }: Loss): DatagramLink {
  const outward = randomFrom(seed);
  const inward = randomFrom(seed + 1);
  const survives = (random: (below: number) => number): boolean => random(1e6) >= ratio * 1e6;
  return tapped(link, {
    mayLeave: () => survives(outward),
    mayEnter: () => survives(inward),
  });
}

/** A link that keeps the first `count` datagrams it received in a file, one line of hex each. */
export function recordingLink(link: DatagramLink, file: string, count: number): DatagramLink {
  let kept = 0;
  return tapped(link, {
    mayLeave: () => true,
    mayEnter: (datagram) => {
      if (kept < count) appendFileSync(file, `${datagram.toString("hex")}\n`);
      kept += 1;
      return true;
    },
  });
}

interface Tap {
  readonly mayLeave: () => boolean;
  readonly mayEnter: (datagram: Buffer) => boolean;
}

function tapped(link: DatagramLink, { mayLeave, mayEnter }: Tap): DatagramLink {
  return {
    metatraffic: link.metatraffic,
    userTraffic: link.userTraffic,
    get backlogBytes() {
      return link.backlogBytes;
    },
    onDatagram: (listener) => {
      link.onDatagram((datagram) => {
        if (mayEnter(datagram)) listener(datagram);
      });
    },
    send: (chunks, to) => {
      if (mayLeave()) link.send(chunks, to);
    },
    announce: (chunks) => {
      if (mayLeave()) link.announce(chunks);
    },
    choose: (locators) => link.choose(locators),
    [Symbol.asyncDispose]: () => link[Symbol.asyncDispose](),
  };
}
