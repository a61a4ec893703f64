import { describe, expect, it } from "vitest";
import type { DatagramLink } from "../../../ros/rtps/transport/link.ts";
import { Pacer, type PacedJob } from "../../../ros/rtps/writer/pacer.ts";
import { ManualScheduler } from "../../faults/ros/manual-scheduler.ts";

function open() {
  const scheduler = new ManualScheduler();
  const link = { backlogBytes: 0 };
  const pacer = new Pacer(link as unknown as DatagramLink, scheduler);
  const sent: string[] = [];
  const job = (name: string, count: number, bytes: number): PacedJob => {
    let left = count;
    return {
      sendNext: () => {
        if (left === 0) return 0;
        left -= 1;
        sent.push(name);
        return bytes;
      },
    };
  };
  return { scheduler, link, pacer, sent, job };
}

describe("Pacer", () => {
  it("sends small things in the caller's turn", () => {
    const { pacer, sent, job } = open();
    pacer.schedule(job("a", 5, 400));
    expect(sent).toHaveLength(5);
  });

  it("sends a picture in bursts of at most 130 kB per 60 us", () => {
    const { pacer, scheduler, sent, job } = open();
    pacer.schedule(job("a", 16, 60_000));
    expect(sent).toHaveLength(2);
    scheduler.advance(0.05);
    expect(sent).toHaveLength(2);
    scheduler.advance(0.05);
    expect(sent).toHaveLength(4);
    scheduler.advance(3);
    expect(sent).toHaveLength(16);
  });

  it("goes down to a burst per 200 us for receivers that lose some, and dares more again later", () => {
    const { pacer, scheduler, sent, job } = open();
    const sentIn = (durationMs: number): number => {
      const before = sent.length;
      pacer.schedule(job("a", 16, 60_000));
      scheduler.advance(durationMs);
      const count = sent.length - before;
      scheduler.advance(10);
      return count;
    };
    expect(sentIn(0.8)).toBe(16);
    pacer.slowDown();
    pacer.slowDown();
    pacer.slowDown();
    expect(sentIn(0.8)).toBe(10);
    scheduler.advance(10_000);
    expect(sentIn(0.8)).toBe(12);
    scheduler.advance(10_000);
    sentIn(0.8);
    scheduler.advance(10_000);
    expect(sentIn(0.8)).toBe(16);
  });

  it("takes turns", () => {
    const { pacer, scheduler, sent, job } = open();
    pacer.schedule(job("a", 4, 60_000));
    pacer.schedule(job("b", 4, 60_000));
    scheduler.advance(5);
    expect(sent.slice(2).join("")).toBe("abab" + "bb");
  });

  it("waits while the operating system is behind", () => {
    const { pacer, scheduler, link, sent, job } = open();
    link.backlogBytes = 1_000_000;
    pacer.schedule(job("a", 1, 100));
    scheduler.advance(1);
    expect(sent).toHaveLength(0);
    link.backlogBytes = 0;
    scheduler.advance(1);
    expect(sent).toHaveLength(1);
  });

  it("forgets a cancelled job, and everything when closed", () => {
    const { pacer, scheduler, sent, job } = open();
    const cancelled = job("a", 16, 60_000);
    pacer.schedule(cancelled);
    pacer.cancel(cancelled);
    pacer.schedule(job("b", 16, 60_000));
    pacer.close();
    const before = sent.length;
    scheduler.advance(10);
    expect(sent).toHaveLength(before);
  });
});
