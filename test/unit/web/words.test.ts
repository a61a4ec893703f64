import { describe, expect, it } from "vitest";
import type { FollowEnd } from "../../../bridge/client/index.ts";
import {
  aheadText,
  coverageWords,
  degreesText,
  durationText,
  followEndWords,
  holdingWords,
  linkWords,
  modeWords,
  msText,
  reasonsText,
  refusalWords,
  skillWords,
  type Holding,
  type Link,
} from "../../../bridge/web/words.ts";

describe("who is in control, in words", () => {
  const holding: Holding = {
    holder: "Anna's phone",
    isMine: false,
    heldMs: 65_000,
    silentMs: undefined,
    graceMs: 7000,
  };

  it.each<[string, Partial<Holding>, string, string]>([
    ["nobody", { holder: undefined }, "Nobody is in control", "none"],
    ["somebody else", {}, "Anna's phone is in control · 1:05", "warn"],
    ["this page", { isMine: true }, "You are in control · 1:05", "good"],
    ["a silent one", { silentMs: 2500 }, "Anna's phone is silent · free in 5 s", "warn"],
    ["one silent for too long", { silentMs: 9000 }, "Anna's phone is silent · free in 0 s", "warn"],
  ])("%s", (_name, change, text, tone) => {
    expect(holdingWords({ ...holding, ...change })).toEqual({ text, tone });
  });
});

describe("the state of the device, in words", () => {
  it.each([
    [{ mode: "active", moving: false, latched: false }, "ready"],
    [{ mode: "active", moving: true, latched: false }, "moving"],
    [{ mode: "stopping", moving: true, latched: false }, "stopping"],
    [{ mode: "stopping", moving: true, latched: true }, "emergency stop"],
    [{ mode: "latched", moving: false, latched: true }, "emergency stop"],
    [{ mode: "inactive", moving: false, latched: false }, "drives off"],
    [{ mode: "fault", moving: false, latched: false }, "fault"],
  ] as const)("%o: %s", (state, text) => {
    expect(modeWords(state).text).toBe(text);
  });
});

describe("the connection, in words", () => {
  const link: Link = { isOpen: true, roundTripMs: 4, dataAgeMs: 20, lostLately: 0 };

  it.each<[string, Partial<Link>, string, string]>([
    ["good", {}, "good", "link 4.0 ms"],
    ["none", { isOpen: false }, "bad", "no connection"],
    ["not yet measured", { roundTripMs: undefined }, "wait", "connecting"],
    ["nothing yet from the device", { dataAgeMs: undefined }, "wait", "connecting"],
    ["silent", { dataAgeMs: 3000 }, "bad", "no data"],
    ["noticeably late", { roundTripMs: 120 }, "warn", "link 120 ms"],
    ["much too late", { roundTripMs: 900 }, "bad", "link 900 ms"],
    ["losing pictures", { lostLately: 3 }, "warn", "link 4.0 ms"],
  ])("%s", (_name, change, tone, short) => {
    const said = linkWords({ ...link, ...change });
    expect([said.tone, said.short]).toEqual([tone, short]);
    expect(said.text).toMatch(/\.$/);
  });
});

describe("a refusal, in words a person can act on", () => {
  it.each([
    [
      "lease/held",
      "[lease/held] device is held by Anna's phone",
      /^Device is held by Anna's phone\. Wait/,
    ],
    ["command/latched", "emergency stop is latched", /Reset it first/],
    ["client/closed", "", /no connection/],
    [
      "command/axis",
      "[command/axis] axis is elbow, expected yaw",
      /^Axis is elbow, expected yaw\.$/,
    ],
    ["x/unheard-of", "", /^x\/unheard-of$/],
  ])("%s", (code, message, expected) => {
    expect(refusalWords(code, message)).toMatch(expected);
  });
});

describe("the end of following, in words", () => {
  const gone = "There is no target in the picture to follow.";

  it.each<[string, FollowEnd, string | undefined, string]>([
    ["switched off by hand", { because: "stopped" }, undefined, ""],
    ["a target that is gone", { because: "stopped" }, gone, `Following ended. ${gone}`],
    [
      "a refusal",
      { because: "refused", code: "command/unreachable", reason: "the target is lost" },
      undefined,
      "Following ended. The target is lost.",
    ],
    ["the page left", { because: "away" }, undefined, "Following ended: the page was left."],
    ["control gone, which is told elsewhere", { because: "lease-lost" }, undefined, ""],
    ["the connection gone, which is told elsewhere", { because: "closed" }, undefined, ""],
  ])("%s", (_what, end, whyNot, expected) => {
    expect(followEndWords(end, whyNot)).toBe(expected);
  });
});

it("makes sentences of what the service says is wrong", () => {
  expect(reasonsText(["no recent prediction", "actuation is in fault"])).toBe(
    "No recent prediction. Actuation is in fault.",
  );
  expect(reasonsText([])).toBe("");
});

describe("figures", () => {
  it.each([
    [0, "0:00"],
    [7999, "0:07"],
    [150_000, "2:30"],
    [3_729_000, "1:02:09"],
    [-5, "0:00"],
  ])("%d ms last %s", (ms, text) => {
    expect(durationText(ms)).toBe(text);
  });

  it.each([
    [0.04, "0.0"],
    [9.96, "10.0"],
    [10, "10"],
    [-0.2, "−0.2"],
    [-0.04, "0.0"],
    [undefined, "–"],
    [Number.NaN, "–"],
  ])("%s ms are %s", (ms, text) => {
    expect(msText(ms)).toBe(text);
  });

  it("has degrees with a minus as wide as a digit, and none before zero", () => {
    expect(degreesText(-Math.PI / 4)).toBe("−45.0°");
    expect(degreesText(-0.0001)).toBe("0.0°");
    expect(aheadText(1280)).toBe("+1.28 s");
  });
});

describe("the score, in words", () => {
  const skill = { horizonMs: 400, holdRmsRad: 0.02, constantVelocityRmsRad: 0.05 };

  it.each([
    [0.004, /^closer than expecting rest, \+0\.40 s$/],
    [0.02, /^about as close/],
    [0.03, /^worse than expecting rest.*do not rely/],
    [Number.NaN, /^not judged yet/],
  ])("rms %d", (modelRmsRad, expected) => {
    expect(skillWords({ ...skill, modelRmsRad })).toMatch(expected);
  });

  it("compares with the better of both baselines", () => {
    const words = skillWords({ ...skill, constantVelocityRmsRad: 0.01, modelRmsRad: 0.002 });
    expect(words).toContain("constant velocity");
  });

  it.each([
    [0.5, "too sure of itself"],
    [0.9, "as it should be"],
    [1, "more careful than needed"],
    [Number.NaN, ""],
  ])("coverage %d: %s", (ratio, words) => {
    expect(coverageWords(ratio)).toBe(words);
  });
});
