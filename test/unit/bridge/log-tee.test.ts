import { expect, it } from "vitest";
import { silentLog } from "../../../bridge/contract/log.ts";
import { logTee, type LogLine } from "../../../bridge/log-tee.ts";

it("tells the listener warnings and errors, also those from before it came", () => {
  const tee = logTee(silentLog);
  tee.log.warn({ a: 1 }, "early");
  tee.log.info({}, "not this");
  tee.log.child({ part: "x" }).error({}, "from a child");
  const heard: LogLine[] = [];
  tee.listen((line) => heard.push(line));
  tee.log.error({}, "late");
  expect(heard.map(({ level, sentence }) => `${level} ${sentence}`)).toEqual([
    "warn early",
    "error from a child",
    "error late",
  ]);
});

it("keeps the first fifty while nobody listens", () => {
  const tee = logTee(silentLog);
  for (let i = 0; i < 60; i += 1) tee.log.warn({}, String(i));
  const heard: LogLine[] = [];
  tee.listen((line) => heard.push(line));
  expect(heard.map(({ sentence }) => sentence).at(-1)).toBe("49");
});
