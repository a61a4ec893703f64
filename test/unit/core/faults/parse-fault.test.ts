import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { faultCatalogue, faultPlaces, type Fault } from "../../../../bridge/core/faults/fault.ts";
import {
  describeCatalogue,
  describeFault,
  parseFault,
  parseFaults,
} from "../../../../bridge/core/faults/parse-fault.ts";

const axisNames = ["deploy", "yaw", "roll", "pitch"];
const lockstep = { axisNames, host: "lockstep" } as const;
const service = { axisNames, host: "service" } as const;
const always = { spread: 0, startMs: 0, durationMs: Number.POSITIVE_INFINITY } as const;

describe("a fault as text", () => {
  const cases: readonly [string, Fault][] = [
    [
      "camera.freeze@3s+2s",
      { place: "camera", kind: "freeze", value: 0, spread: 0, startMs: 3000, durationMs: 2000 },
    ],
    [
      "joints.delay=80ms~20ms@1s+5s",
      { place: "joints", kind: "delay", value: 80, spread: 20, startMs: 1000, durationMs: 5000 },
    ],
    ["driver.timeout@4s", { ...always, place: "driver", kind: "timeout", value: 0, startMs: 4000 }],
    [
      "joints:yaw.nan@1.5s+100ms",
      {
        ...always,
        place: "joints",
        axis: "yaw",
        kind: "nan",
        value: 0,
        startMs: 1500,
        durationMs: 100,
      },
    ],
    ["control.loss=20%", { ...always, place: "control", kind: "loss", value: 0.2 }],
    ["control.loss=0.2", { ...always, place: "control", kind: "loss", value: 0.2 }],
    [
      "clock.step=-1500ms@2s",
      { ...always, place: "clock", kind: "step", value: -1500, startMs: 2000 },
    ],
    ["clock.step=+2s", { ...always, place: "clock", kind: "step", value: 2000 }],
    [
      "joints.freeze+2s",
      { ...always, place: "joints", kind: "freeze", value: 0, durationMs: 2000 },
    ],
    [
      " joints.delay = 5ms @ 1s ",
      { ...always, place: "joints", kind: "delay", value: 5, startMs: 1000 },
    ],
    ["joints.saturate=90deg", { ...always, place: "joints", kind: "saturate", value: Math.PI / 2 }],
  ];
  it.each(cases)("%s is read", (text, fault) => {
    const host = text.startsWith("camera") ? service : lockstep;
    expect(parseFault(text, host)).toEqual(fault);
  });

  const wrong: readonly [string, string][] = [
    ["", "expected place[:axis].kind"],
    ["camera", "expected place[:axis].kind"],
    ["camera.freeze@3s+2s+1s", "expected place[:axis].kind"],
    ["joints.freeze@3s@2s", "3s@2s is not a number with a unit"],
    ["lidar.freeze", "there is no place lidar, expected joints, camera"],
    ["camera.melt", "camera has no fault melt, expected delay"],
    ["camera.toString", "expected place[:axis].kind"],
    ["camera.constructor", "camera has no fault constructor"],
    ["driver:yaw.freeze", "cannot be narrowed to an axis"],
    ["joints:elbow.nan", "there is no axis elbow, expected deploy, yaw, roll, pitch"],
    ["joints.delay", "needs a value, expected =<number>ms or s"],
    ["joints.delay=80", "80 is not a number with a unit, expected <number>ms or s"],
    ["joints.delay=fast", "fast is not a number with a unit"],
    ["joints.delay=-80ms", "value is -80ms, expected no sign"],
    ["joints.delay=80ms~-2ms", "spread is -2ms, expected no sign"],
    ["joints.loss=120%", "share is 120%, expected 0 to 100 %"],
    ["joints.freeze=3s", "takes no value, found =3s"],
    ["joints.freeze@-1s", "time is -1s, expected no sign"],
    ["joints.freeze@1", "1 is not a number with a unit"],
    ["clock.step=1s@1s+2s", "happens once, without a duration"],
  ];
  it.each(wrong)("%s is refused with its reason", (text, reason) => {
    expect(parseFault(text, lockstep)).toContain(reason);
  });

  it.each(["sim.nan@1s", "control.loss=10%", "main.stall@1s", "clock.suspend=1s"])(
    "%s is refused by the running service and taken in lockstep",
    (text) => {
      expect(parseFault(text, service)).toContain("only kairos-bridge sim");
      expect(parseFault(text, lockstep)).toMatchObject({ value: expect.any(Number) as number });
    },
  );

  it("of the camera is for the running service, which has one", () => {
    expect(parseFault("camera.freeze", lockstep)).toContain("lockstep simulation has no camera");
    expect(parseFault("camera.freeze", service)).toBeTypeOf("object");
  });

  it("a list shows every mistake at once", () => {
    const texts = ["camera.freeze", "camera.freez", "joints.delay"];
    expect(() => parseFaults(texts, service)).toThrow(
      /^\[config\/invalid\] 2 of 3 faults cannot be used:\n {2}camera\.freez: .*\n {2}joints\.delay: /,
    );
    expect(parseFaults(["camera.freeze"], service)).toHaveLength(1);
  });

  it("what it describes, it reads again", () => {
    const kinds = faultPlaces.flatMap((place) =>
      Object.entries(faultCatalogue[place]).map(([kind, entry]) => ({ place, kind, entry })),
    );
    const number = (max: number) => fc.integer({ min: 0, max }).map((value) => value / 1000);
    const faults = fc
      .record({
        of: fc.constantFrom(...kinds),
        value: number(1000),
        spread: number(500),
        startMs: number(1e6),
        durationMs: fc.oneof(number(1e6), fc.constant(Number.POSITIVE_INFINITY)),
        axis: fc.constantFrom(undefined, ...axisNames),
      })
      .map(({ of: { place, kind, entry }, axis, ...numbers }): Fault => {
        const plain = entry.unit === "none" ? { ...numbers, value: 0, spread: 0 } : numbers;
        const timed = entry.once === true ? { ...plain, durationMs: Infinity } : plain;
        const narrowed = axis !== undefined && entry.perAxis === true ? { axis } : {};
        return { place, kind, ...narrowed, ...timed };
      });
    fc.assert(
      fc.property(faults, (fault) => {
        const host = fault.place === "camera" ? service : lockstep;
        expect(parseFault(describeFault(fault), host)).toEqual(fault);
      }),
      { seed: 4, numRuns: 500 },
    );
  });

  it("every line of the catalogue is a fault that can be read", () => {
    const lines = describeCatalogue().split("\n");
    expect(lines.length).toBeGreaterThan(30);
    for (const line of lines) {
      const text = /^\S+/.exec(line)?.[0] ?? "";
      const host = text.startsWith("camera") ? service : lockstep;
      expect(parseFault(text, host), text).toBeTypeOf("object");
    }
  });
});
