import { afterEach, describe, expect, it, vi } from "vitest";
import { ControlError } from "../../../bridge/client/errors.ts";
import { Motion } from "../../../bridge/client/motion.ts";
import { PendingRequests } from "../../../bridge/client/pending-requests.ts";
import type { AckMessage } from "../../../bridge/control/server-messages.ts";

const ack = (status: AckMessage["status"], more: Partial<AckMessage> = {}): AckMessage => ({
  type: "ack",
  id: 1,
  status,
  ...more,
});

describe("a motion", () => {
  it("passes through all four levels", async () => {
    const motion = new Motion();
    expect(motion.settle(ack("received", { atMs: 5, ageMs: 2 }))).toBe(false);
    expect(motion.settle(ack("accepted"))).toBe(false);
    expect(motion.settle(ack("applied", { atMs: 9, applied: { yaw: 1 }, limits: ["x"] }))).toBe(
      false,
    );
    expect(motion.settle(ack("done", { result: "completed", reason: "there" }))).toBe(true);
    expect(await motion.received).toEqual({ atMs: 5, ageMs: 2 });
    await motion.accepted;
    expect(await motion.applied).toEqual({ atMs: 9, applied: { yaw: 1 }, limits: ["x"] });
    expect(await motion).toEqual({ result: "completed", reason: "there" });
  });

  it("does not wait for a level that a later one proves", async () => {
    const motion = new Motion();
    motion.settle(ack("applied", { atMs: 9 }));
    await motion.received;
    await motion.accepted;
    motion.settle(ack("done", { result: "completed" }));
    await motion.done;
  });

  it("rejects every level when it is refused", async () => {
    const motion = new Motion();
    motion.settle(ack("received"));
    expect(motion.settle(ack("rejected", { code: "command/latched", reason: "latched" }))).toBe(
      true,
    );
    await motion.received;
    for (const level of [motion.accepted, motion.applied, motion.done, motion]) {
      await expect(level).rejects.toMatchObject({ code: "command/latched" });
    }
  });

  it("was not applied if it ended before, but has a result", async () => {
    const motion = new Motion();
    motion.settle(ack("accepted"));
    motion.settle(ack("done", { result: "expired", reason: "too late" }));
    await expect(motion.applied).rejects.toMatchObject({ code: "client/not-applied" });
    expect(await motion).toEqual({ result: "expired", reason: "too late" });
  });

  it("that nobody listens to fails without a word", async () => {
    new Motion().fail(new ControlError("client/closed", "gone"));
    await new Promise((resolve) => setImmediate(resolve));
  });
});

describe("requests without an answer", () => {
  afterEach(() => {
    vi.useRealTimers();
  });
  const lose = (pending: PendingRequests, repeat: () => void, timeoutMs = 5000) =>
    pending.ask({ id: 1, name: "stop", timeoutMs, repeat }, () => true);

  it("are said again twice while nothing was heard, then time out", async () => {
    vi.useFakeTimers();
    const repeat = vi.fn();
    const asked = lose(new PendingRequests(), repeat);
    const failed = expect(asked).rejects.toMatchObject({ code: "client/timeout" });
    await vi.advanceTimersByTimeAsync(999);
    expect(repeat).toHaveBeenCalledTimes(0);
    await vi.advanceTimersByTimeAsync(5000);
    expect(repeat).toHaveBeenCalledTimes(2);
    await failed;
  });

  it("are not said again once a first word came", async () => {
    vi.useFakeTimers();
    const pending = new PendingRequests();
    const repeat = vi.fn();
    const motion = new Motion();
    pending.follow(1, motion, repeat);
    pending.hear(ack("received"));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(repeat).not.toHaveBeenCalled();
    pending.hear(ack("done", { result: "completed" }));
    expect((await motion).result).toBe("completed");
  });

  it("fail together when the session ends, and are not said again", async () => {
    vi.useFakeTimers();
    const pending = new PendingRequests();
    const repeat = vi.fn();
    const asked = lose(pending, repeat);
    const failed = expect(asked).rejects.toMatchObject({ code: "client/closed" });
    pending.failAll(new ControlError("client/closed", "gone"));
    await failed;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(repeat).not.toHaveBeenCalled();
  });
});
