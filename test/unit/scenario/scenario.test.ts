import { describe, expect, it } from "vitest";
import { parseFaults } from "../../../bridge/core/faults/parse-fault.ts";
import { parseScenario } from "../../../sims/scenario/load-scenario.ts";
import { randomScenario } from "../../../sims/scenario/random-scenario.ts";
import { checkScenario } from "../../../sims/scenario/scenario.ts";
import { mount } from "../devices/mount.ts";

const least = { name: "least", durationS: 1 };

describe("a scenario", () => {
  it("needs a name and a duration; the rest has defaults", () => {
    expect(checkScenario(least)).toMatchObject({
      ok: true,
      scenario: {
        seed: 1,
        scene: "targets",
        model: "none",
        clients: [],
        expect: { stopped: true },
      },
    });
  });

  const wrong: readonly [string, object, string][] = [
    ["no duration", { durationS: undefined }, "durationS"],
    ["no time at all", { durationS: 0 }, "durationS"],
    ["a key nobody knows", { clinets: [] }, "clinets"],
    ["a scene that is not there", { scene: "moon" }, "scene"],
    [
      "a step with two verbs",
      { clients: [{ name: "a", does: [{ atS: 0, acquire: true, reset: true }] }] },
      "does[0]",
    ],
    [
      "a velocity without a time limit",
      { clients: [{ name: "a", does: [{ atS: 0, velocity: { yaw: 1 } }] }] },
      "does[0]",
    ],
    [
      "a step after the end",
      { clients: [{ name: "a", does: [{ atS: 1, acquire: true }] }] },
      "not before the end",
    ],
    [
      "a push after the end",
      { pushes: [{ atS: 3, body: "b", forceN: [0, 0, 0], durationS: 1 }] },
      "a push at 3 s",
    ],
    ["two clients of one name", { clients: [{ name: "a" }, { name: "a" }] }, '"a" is there twice'],
    ["an owner who is nobody", { expect: { owner: "x" } }, "there is no client x"],
    ["predictions judged without a model", { expect: { predictionsAtLeast: 5 } }, "model is none"],
    ["a payload no mount can carry", { payload: [{ atS: 0.5, massKg: 6 }] }, "massKg"],
  ];
  it.each(wrong)("with %s is refused", (_name, part, text) => {
    const checked = checkScenario({ ...least, ...part });
    expect(checked.ok).toBe(false);
    expect(checked.ok ? "" : checked.text).toContain(text);
  });

  it("shows all its problems at once", () => {
    const text =
      "name: Bad Name\ndurationS: -1\nmodel: oracl\nclients: [{ name: a, role: king }]\n";
    expect(() => parseScenario(text, "bad.yaml")).toThrow(/^\[config\/invalid\] bad\.yaml is not/);
    for (const key of ["name", "durationS", "model", "clients[0].role"]) {
      expect(() => parseScenario(text, "bad.yaml")).toThrow(key);
    }
  });

  it("that is not YAML says where", () => {
    expect(() => parseScenario("name: [", "x.yaml")).toThrow("[config/unreadable] x.yaml");
  });
});

describe("a random scenario", () => {
  it("follows from its seed, and its faults can be read", () => {
    const axisNames = mount.axes.map((axis) => axis.name);
    const seen = new Set<string>();
    for (let seed = 0; seed < 300; seed += 1) {
      const scenario = randomScenario(mount, seed);
      expect(randomScenario(mount, seed)).toEqual(scenario);
      for (const { place } of parseFaults(scenario.faults, { axisNames, host: "lockstep" })) {
        seen.add(place);
      }
    }
    expect([...seen].sort()).toEqual(["clock", "control", "driver", "joints", "main", "sim"]);
  });
});
