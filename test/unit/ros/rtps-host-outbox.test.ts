import { describe, expect, it } from "vitest";
import { HostOutbox } from "../../../ros/host-outbox.ts";
import { TakenCounts } from "../../../ros/taken-counts.ts";

function open(depth: number, hold?: { pause(): void; resume(): void }) {
  const taken = new TakenCounts();
  const posted: Uint8Array[] = [];
  const outbox = new HostOutbox({
    endpointId: 3,
    depth,
    taken,
    post: (message, transfer) => {
      if (message.kind !== "message") throw new Error(`posted ${message.kind}`);
      expect(transfer).toEqual([message.cdr.buffer]);
      posted.push(message.cdr);
    },
    ...(hold === undefined ? {} : { hold }),
  });
  return { taken, posted, outbox, numbers: () => posted.map((cdr) => cdr[0]) };
}

describe("HostOutbox", () => {
  it("posts while the owner takes", () => {
    const { taken, outbox, numbers } = open(2);
    for (let number = 0; number < 5; number += 1) {
      outbox.push(Uint8Array.of(number));
      taken.take(3);
    }
    expect(numbers()).toEqual([0, 1, 2, 3, 4]);
    expect(outbox.droppedCount).toBe(0);
  });

  it("holds the newest `depth` back while the owner does not, and counts what it drops", () => {
    const { taken, outbox, numbers } = open(2);
    for (let number = 0; number < 10; number += 1) outbox.push(Uint8Array.of(number));
    expect(numbers()).toEqual([0, 1]);
    expect(outbox.droppedCount).toBe(6);
    taken.take(3);
    outbox.flush();
    expect(numbers()).toEqual([0, 1, 8]);
    taken.take(3);
    taken.take(3);
    outbox.flush();
    expect(numbers()).toEqual([0, 1, 8, 9]);
  });

  it("is not confused by what another endpoint takes", () => {
    const { taken, outbox, numbers } = open(1);
    outbox.push(Uint8Array.of(0));
    taken.take(4);
    outbox.push(Uint8Array.of(1));
    expect(numbers()).toEqual([0]);
  });

  it("copies a part of a buffer and hands a whole one over as it is", () => {
    const { posted, outbox } = open(2);
    const whole = new Uint8Array(8);
    const part = new Uint8Array(16).subarray(4, 8);
    outbox.push(whole);
    outbox.push(part);
    expect(posted[0]!.buffer).toBe(whole.buffer);
    expect(posted[1]!.buffer).not.toBe(part.buffer);
    expect(posted[1]!.buffer.byteLength).toBe(4);
  });

  it("with keep-all stops the reader instead of dropping, and lets it go on later", () => {
    const calls: string[] = [];
    const hold = { pause: () => calls.push("pause"), resume: () => calls.push("resume") };
    const { taken, outbox, posted } = open(1, hold);
    let pushed = 0;
    while (calls.length === 0 && pushed < 10_000) {
      outbox.push(Uint8Array.of(pushed & 0xff));
      pushed += 1;
    }
    expect(calls).toEqual(["pause"]);
    for (let count = 0; count < pushed; count += 1) {
      taken.take(3);
      outbox.flush();
    }
    expect(calls).toEqual(["pause", "resume"]);
    expect(posted).toHaveLength(pushed);
    expect(posted.every((cdr, index) => cdr[0] === (index & 0xff))).toBe(true);
    expect(outbox.droppedCount).toBe(0);
  });

  it("with keep-all counts octets, too", () => {
    const calls: string[] = [];
    const hold = { pause: () => calls.push("pause"), resume: () => calls.push("resume") };
    const { outbox } = open(1, hold);
    // Small ones fill the port, large ones wait behind them.
    for (let count = 0; count < 512; count += 1) outbox.push(Uint8Array.of(1));
    for (let count = 0; count < 40; count += 1) outbox.push(new Uint8Array(1_000_000));
    expect(calls).toEqual(["pause"]);
  });
});
