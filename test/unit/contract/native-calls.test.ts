import { threadId } from "node:worker_threads";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import {
  CallGate,
  guardNativeCalls,
  nativeCallsEnded,
} from "../../../bridge/contract/native-calls.ts";

const code = (text: string): { code: string } => expect.objectContaining({ code: text }) as never;

// Test files run in threads or processes: only where this is a main thread is there a guard at all.
beforeEach(() => {
  vi.useFakeTimers();
  guardNativeCalls();
});
afterEach(() => {
  // Cells open again ten seconds after they were closed.
  vi.runAllTimers();
  vi.useRealTimers();
});

test("a call passes its result and its error on", async () => {
  const gate = new CallGate();
  await expect(gate.through("run", () => Promise.resolve(7))).resolves.toBe(7);
  const failing = gate.through("run", () => Promise.reject(new Error("no")));
  await expect(failing).rejects.toThrow("no");
});

test("waits for the call in flight, and lets none begin after it", async () => {
  const gate = new CallGate();
  let finish = (): void => undefined;
  const call = gate.through("run", () => new Promise<void>((resolve) => (finish = resolve)));
  let hasEnded = false;
  const ended = nativeCallsEnded(threadId).then(() => (hasEnded = true));
  await vi.advanceTimersByTimeAsync(50);
  expect(hasEnded).toBe(false);
  await expect(gate.through("run", () => Promise.resolve())).rejects.toThrow(code("model/closed"));
  finish();
  await call;
  await vi.advanceTimersByTimeAsync(50);
  await ended;
});

test.each([
  ["has no call in flight", threadId],
  ["has ended already", -1],
])("does not wait for a thread that %s", async (_, thread) => {
  await expect(nativeCallsEnded(thread)).resolves.toBe(true);
});

test("says that a call goes on after ten seconds: its thread must be left alone", async () => {
  const gate = new CallGate();
  let finish = (): void => undefined;
  const call = gate.through("run", () => new Promise<void>((resolve) => (finish = resolve)));
  const ended = nativeCallsEnded(threadId);
  await vi.advanceTimersByTimeAsync(10_100);
  await expect(ended).resolves.toBe(false);
  finish();
  await call;
});
