import { z } from "zod";
import { sceneNames } from "../embedded/scene-layout.ts";

const finite = z.number();
const timeS = finite.min(0).max(3600);
const perAxis = z.record(z.string().min(1), finite);
const vector = z.tuple([finite, finite, finite]);

/** What one client does at one moment. One verb each; `atS` counts from the start. */
const Step = z.union([
  z.strictObject({ atS: timeS, acquire: z.literal(true) }),
  /** By force; needs the role supervisor. */
  z.strictObject({ atS: timeS, take: z.literal(true) }),
  z.strictObject({ atS: timeS, giveBack: z.literal(true) }),
  z.strictObject({
    atS: timeS,
    /** rad/s by axis. */
    velocity: perAxis,
    ttlMs: finite.min(1).max(5000),
    /** Sent again each `repeatMs` for `forS`, as a held stick does. */
    repeatMs: finite.min(5).default(50),
    forS: finite.min(0).default(0),
  }),
  z.strictObject({
    atS: timeS,
    /** rad by axis. */
    position: perAxis,
    velocityRatio: finite.gt(0).max(1).default(1),
    ttlMs: finite.min(1).max(5000).exactOptional(),
  }),
  z.strictObject({ atS: timeS, stop: z.enum(["hold", "estop"]) }),
  z.strictObject({ atS: timeS, reset: z.literal(true) }),
  /** The program hangs: no check-ins, no commands, and the socket stays open. */
  z.strictObject({ atS: timeS, hang: z.literal(true) }),
  z.strictObject({ atS: timeS, wake: z.literal(true) }),
  z.strictObject({ atS: timeS, disconnect: z.literal(true) }),
  /** Commands with a lease it was never given. */
  z.strictObject({
    atS: timeS,
    forge: perAxis,
    repeatMs: finite.min(5).default(50),
    forS: finite.min(0).default(0),
  }),
]);

const Client = z.strictObject({
  name: z.string().min(1).max(64),
  role: z.enum(["viewer", "controller", "supervisor", "estop"]).default("controller"),
  connectS: timeS.default(0),
  does: z.array(Step).default([]),
});

/** What must hold at the end. Each is checked only if it is there. */
const Expect = z.strictObject({
  /** Setpoints and joints at rest. Default true: a run has to end still. */
  stopped: z.boolean().default(true),
  mode: z.enum(["inactive", "active", "latched", "fault"]).exactOptional(),
  /** Name of the client that holds the lease before everybody is sent away; null = nobody. */
  owner: z.string().nullable().exactOptional(),
  /** Joint minus setpoint over the whole run. */
  trackingRmsRadBelow: finite.positive().exactOptional(),
  trackingMaxRadBelow: finite.positive().exactOptional(),
  /** Where joints stand at the end, rad by axis, within `withinRad`. */
  posRad: perAxis.exactOptional(),
  withinRad: finite.positive().default(0.03),
  /** Root of the mean squared error of the prediction this far ahead. */
  scoreRmsRadBelow: z
    .strictObject({ aheadMs: finite.positive(), rad: finite.positive() })
    .exactOptional(),
  /** The model's error over that of holding the position, at the same horizon. */
  beatsHoldBy: z
    .strictObject({ aheadMs: finite.positive(), ratio: finite.positive() })
    .exactOptional(),
  predictionsAtLeast: z.int().min(1).exactOptional(),
  /** Commands that got so far, at least. */
  appliedAtLeast: z.int().min(0).exactOptional(),
  refusedAtLeast: z.int().min(0).exactOptional(),
});

const Scenario = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]*$/, "expected lower case letters, digits and -"),
  /** A sentence for the report. */
  about: z.string().default(""),
  /** A file name in devices/profiles. */
  device: z.string().min(1).default("phone-mount-4dof"),
  seed: z.int().min(0).max(0xffffffff).default(1),
  scene: z.enum(sceneNames).default("targets"),
  durationS: finite.gt(0).max(3600),
  start: z.enum(["deployed", "stowed"]).default("deployed"),
  /** `random`: payload, friction, gains and latency drawn from the seed. */
  dynamics: z.enum(["default", "random"]).default("default"),
  /** What predicts: the shipped package, the simulator itself, or nothing (fastest). */
  model: z.enum(["embedded", "oracle", "none"]).default("none"),
  clients: z.array(Client).default([]),
  payload: z.array(z.strictObject({ atS: timeS, massKg: finite.min(0.05).max(0.6) })).default([]),
  pushes: z
    .array(
      z.strictObject({
        atS: timeS,
        body: z.string().min(1),
        forceN: vector,
        durationS: finite.gt(0).max(60),
      }),
    )
    .default([]),
  targets: z
    .array(
      z.strictObject({
        target: z.string().min(1),
        keyframes: z.array(z.strictObject({ timeS, positionM: vector })).min(1),
        repeats: z.boolean().exactOptional(),
      }),
    )
    .default([]),
  /** In the grammar of bridge/core/faults: place[:axis].kind[=value[~spread]][@start][+duration]. */
  faults: z.array(z.string().min(1)).default([]),
  expect: Expect.prefault({}),
});

export type Scenario = Readonly<z.infer<typeof Scenario>>;
/** As it is written: what has a default may be left out. */
export type ScenarioInput = z.input<typeof Scenario>;
export type ScenarioClient = Scenario["clients"][number];
export type ScenarioStep = ScenarioClient["does"][number];
export type ScenarioExpectations = Scenario["expect"];

/** The scenario, or every problem in it with its path. */
export function checkScenario(
  value: unknown,
):
  | { readonly ok: true; readonly scenario: Scenario }
  | { readonly ok: false; readonly text: string } {
  const result = Scenario.safeParse(value);
  if (!result.success) return { ok: false, text: z.prettifyError(result.error) };
  const problems = crossChecks(result.data);
  if (problems.length > 0)
    return { ok: false, text: problems.map((text) => `✖ ${text}`).join("\n") };
  return { ok: true, scenario: result.data };
}

function crossChecks({ clients, durationS, model, expect, ...events }: Scenario): string[] {
  const names = clients.map((client) => client.name);
  const late = [
    ...clients.flatMap(({ name, does }) => does.map(({ atS }) => ({ what: name, atS }))),
    ...events.pushes.map(({ atS }) => ({ what: "a push", atS })),
    ...events.payload.map(({ atS }) => ({ what: "a payload change", atS })),
  ].filter(({ atS }) => atS >= durationS);
  const wantsModel =
    expect.scoreRmsRadBelow !== undefined ||
    expect.beatsHoldBy !== undefined ||
    expect.predictionsAtLeast !== undefined;
  return [
    ...names
      .filter((name, index) => names.indexOf(name) !== index)
      .map((name) => `clients: "${name}" is there twice`),
    ...late.map(({ what, atS }) => `${what} at ${atS} s is not before the end, ${durationS} s`),
    ...(wantsModel && model === "none"
      ? ["expect: predictions are judged, but model is none"]
      : []),
    ...(typeof expect.owner === "string" && !names.includes(expect.owner)
      ? [`expect.owner: there is no client ${expect.owner}`]
      : []),
  ];
}
