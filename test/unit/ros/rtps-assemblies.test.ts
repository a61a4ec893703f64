import { describe, expect, it } from "vitest";
import { Assemblies } from "../../../ros/rtps/reader/assemblies.ts";
import { ReceiveBudget } from "../../../ros/rtps/reader/receive-budget.ts";
import { WaitingSamples } from "../../../ros/rtps/reader/waiting-samples.ts";
import type { FragmentSubmessage } from "../../../ros/rtps/wire/message-parser.ts";

const limits = {
  maxSampleBytes: 1_000_000,
  maxWaitingCount: 10,
  maxWaitingBytes: 3000,
  maxAssemblies: 4,
};

function first(sequenceNumber: number, sampleBytes: number, fragmentBytes = 100) {
  const message: FragmentSubmessage = {
    readerId: 0,
    writerId: 0x103,
    sequenceNumber,
    firstFragment: 1,
    fragmentCount: 1,
    fragmentBytes,
    sampleBytes,
    related: undefined,
    payload: Buffer.alloc(fragmentBytes),
  };
  return message;
}

function open(options: { readonly reliable: boolean; readonly budgetBytes?: number }) {
  const budget = new ReceiveBudget(options.budgetBytes ?? 1_000_000);
  return { budget, assemblies: new Assemblies({ limits, budget, reliable: options.reliable }) };
}

function numbers(assemblies: Assemblies): number[] {
  return [...assemblies.entries()].map(([number]) => number).sort((a, b) => a - b);
}

describe("samples in fragments", () => {
  it("of a reliable writer give way to older ones, never to newer", () => {
    const { assemblies } = open({ reliable: true });
    for (const number of [5, 6, 7, 8]) assemblies.open(first(number, 200));
    expect(assemblies.open(first(9, 200))).toBeUndefined();
    expect(assemblies.open(first(4, 200))).toBeDefined();
    expect(numbers(assemblies)).toEqual([4, 5, 6, 7]);
  });

  it("of a best-effort writer give way to newer ones", () => {
    const { assemblies } = open({ reliable: false });
    for (const number of [5, 6, 7, 8, 9]) assemblies.open(first(number, 200));
    expect(numbers(assemblies)).toEqual([6, 7, 8, 9]);
  });

  it("are bounded in octets, and give back what they took", () => {
    const { assemblies, budget } = open({ reliable: true });
    assemblies.open(first(1, 2000));
    expect(assemblies.open(first(2, 2000))).toBeUndefined();
    expect(budget.usedBytes).toBe(2000);
    assemblies.delete(1);
    assemblies.delete(1);
    expect(budget.usedBytes).toBe(0);
    assemblies.open(first(2, 2000));
    assemblies.clear();
    expect(budget.usedBytes).toBe(0);
  });

  it("are refused when all readers together hold too much", () => {
    const { assemblies, budget } = open({ reliable: true, budgetBytes: 1000 });
    expect(budget.take(600)).toBe(true);
    expect(assemblies.open(first(1, 500))).toBeUndefined();
    expect(budget.refusedCount).toBe(1);
    expect(assemblies.open(first(1, 400))).toBeDefined();
  });

  it.each([
    { what: "larger than allowed", message: first(1, 1_000_001) },
    { what: "in pieces of nothing", message: first(1, 1000, 0) },
    { what: "in more pieces than is sensible", message: first(1, 900_000, 10) },
    { what: "of no size", message: first(1, 0) },
  ])("$what are refused", ({ message }) => {
    const { assemblies, budget } = open({ reliable: true });
    expect(assemblies.open(message)).toBeUndefined();
    expect(budget.usedBytes).toBe(0);
  });
});

describe("samples that wait for an earlier one", () => {
  it("take from the common budget and give it back, however they leave", () => {
    const budget = new ReceiveBudget(250);
    const waiting = new WaitingSamples(limits, budget);
    const sample = (sequenceNumber: number) => ({
      sequenceNumber,
      payload: Buffer.alloc(100),
      status: 0,
      keyHash: undefined,
      related: undefined,
    });
    for (const number of [2, 3, 4]) waiting.add(number, sample(number));
    expect([waiting.size, budget.usedBytes]).toEqual([2, 200]);
    waiting.take(2);
    expect(budget.usedBytes).toBe(100);
    waiting.clear();
    expect(budget.usedBytes).toBe(0);
  });
});
