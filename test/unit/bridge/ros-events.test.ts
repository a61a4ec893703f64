import { describe, expect, it } from "vitest";
import { silentLog } from "../../../bridge/contract/log.ts";
import type { RosEvent } from "../../../bridge/contract/ros-transport.ts";
import { RosEvents, rosEventText } from "../../../bridge/parts/ros-events.ts";
import { ManualClock } from "../../fakes/manual-clock.ts";

const refused: RosEvent = {
  topic: "/kairos/joint_states",
  side: "publisher",
  kind: "incompatible-qos",
  policies: ["RELIABILITY"],
  peer: "rviz",
};

function rig() {
  const clock = new ManualClock();
  const warnings: string[] = [];
  const ignore = (): void => undefined;
  const warn = (_fields: object, sentence: string): void => void warnings.push(sentence);
  const log = { ...silentLog, warn };
  let tell: (event: RosEvent) => void = ignore;
  const transport = { onEvent: (listener: typeof tell): void => void (tell = listener) };
  const events = new RosEvents({ transport, clock, log });
  return {
    clock,
    warnings,
    events,
    tell: (event: RosEvent) => {
      tell(event);
    },
  };
}

describe("quality of service in the log and in /diagnostics", () => {
  it("is in order while nothing was told, also by a transport that tells nothing", () => {
    const clock = new ManualClock();
    const silent = new RosEvents({ transport: {}, clock, log: silentLog });
    expect(silent.diagnostics()).toMatchObject({ level: "ok", values: {} });
  });
  it("names the peer and the policy, once in the log, and warns for a minute", () => {
    const { clock, warnings, events, tell } = rig();
    tell(refused);
    tell(refused);
    expect(warnings).toEqual([rosEventText(refused)]);
    expect(warnings[0]).toMatch(/rviz .*\/kairos\/joint_states.*RELIABILITY/);
    expect(events.diagnostics()).toMatchObject({ level: "warn", message: warnings[0] });
    clock.nowMs += 61_000;
    expect(events.diagnostics().level).toBe("ok");
    expect(Object.values(events.diagnostics().values)).toEqual(warnings);
  });
  it("shows a count that rises without filling the log", () => {
    const { warnings, events, tell } = rig();
    const lost = { topic: "/camera", side: "subscription", kind: "message-lost" } as const;
    for (let totalCount = 1; totalCount <= 5; totalCount += 1) tell({ ...lost, totalCount });
    expect(warnings).toHaveLength(1);
    expect(events.diagnostics().message).toBe("/camera: 5 message(s) lost");
  });
  it("keeps the newest 32 of what a hostile graph makes up", () => {
    const { events, tell } = rig();
    for (let index = 0; index < 100; index += 1) tell({ ...refused, peer: `peer${index}` });
    const kept = Object.keys(events.diagnostics().values);
    expect(kept).toHaveLength(32);
    expect(kept.at(-1)).toMatch(/peer99$/);
  });
});
