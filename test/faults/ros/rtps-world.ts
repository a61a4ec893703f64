import { expect } from "vitest";
import type { RosEvent, RosQos, RosTopic } from "../../../bridge/contract/ros-transport.ts";
import { Participant } from "../../../ros/rtps/participant.ts";
import type { ParticipantOptions } from "../../../ros/rtps/participant-options.ts";
import { ManualScheduler } from "./manual-scheduler.ts";
import { MemoryNetwork, type NetworkFaults } from "./memory-network.ts";

export const bad: NetworkFaults = { lossRatio: 0.1, duplicateRatio: 0.05, jitterMs: 1.5 };
export const good: NetworkFaults = { lossRatio: 0, duplicateRatio: 0, jitterMs: 0 };

export function topic(qos: Partial<RosQos>): RosTopic {
  return {
    name: "/test",
    type: "std_msgs/msg/String",
    qos: { reliability: "reliable", durability: "volatile", depth: 1000, ...qos },
  };
}

/** A message of `sizeBytes` that starts with `number` and whose every octet is told by both. */
export function message(number: number, sizeBytes: number): Buffer {
  const bytes = Buffer.alloc(sizeBytes, number & 0xff);
  bytes.writeUInt32BE(0x00010000, 0);
  bytes.writeUInt32LE(number, 4);
  return bytes;
}

export function numberOf(cdr: Uint8Array): number {
  return Buffer.from(cdr).readUInt32LE(4);
}

interface Joined {
  readonly node: Participant;
  /** What the node was told, oldest first. */
  readonly events: RosEvent[];
  /** Puts a datagram into its socket. */
  receive(datagram: Buffer): void;
  unplug(): void;
}

/** Participants on simulated time and a simulated wire. */
export class World {
  readonly scheduler = new ManualScheduler();
  readonly network: MemoryNetwork;
  readonly seed: number;

  constructor(seed: number, faults: NetworkFaults) {
    this.seed = seed;
    this.network = new MemoryNetwork(this.scheduler, seed, faults);
  }

  join(nodeName: string, options: Partial<ParticipantOptions> = {}): Joined {
    const link = this.network.openLink();
    const events: RosEvent[] = [];
    let receive: (datagram: Buffer) => void = () => undefined;
    const tapped = {
      ...link,
      onDatagram: (listener: (datagram: Buffer) => void) => {
        receive = listener;
        link.onDatagram(listener);
      },
    };
    const node = new Participant(
      {
        domainId: 0,
        range: "LOCALHOST",
        nodeName,
        namespace: "/",
        fragmentBytes: 1000,
        scheduler: this.scheduler,
        onEvent: (event) => events.push(event),
        ...options,
      },
      tapped,
    );
    return {
      node,
      events,
      receive: (datagram) => {
        receive(datagram);
      },
      unplug: () => {
        link.unplug();
      },
    };
  }

  /** Runs until `done`, at most `limitMs` of simulated time. */
  until(done: () => boolean, limitMs: number): void {
    const endMs = this.scheduler.nowMs() + limitMs;
    while (!done() && this.scheduler.nowMs() < endMs) this.scheduler.advance(5);
    expect(done(), `seed ${this.seed}: not there after ${limitMs} simulated ms`).toBe(true);
  }
}
