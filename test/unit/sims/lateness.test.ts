import { describe, expect, it } from "vitest";
import { Lateness } from "../../../sims/embedded/lateness.ts";

describe("Lateness", () => {
  it("is 0 before the first wake", () => {
    expect(new Lateness().p99Ms()).toBe(0);
  });

  it("has the 99th of a hundred wakes as p99 and keeps the largest", () => {
    const lateness = new Lateness();
    for (let ms = 1; ms <= 100; ms += 1) lateness.add(ms);
    expect(lateness.p99Ms()).toBe(99);
    expect(lateness.maxMs).toBe(100);
  });

  it("forgets wakes that left the window, but not the largest", () => {
    const lateness = new Lateness();
    for (let i = 0; i < 100; i += 1) lateness.add(50);
    for (let i = 0; i < 1024; i += 1) lateness.add(1);
    expect(lateness.p99Ms()).toBe(1);
    expect(lateness.maxMs).toBe(50);
  });
});
