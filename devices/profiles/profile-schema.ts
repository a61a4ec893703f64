import { z } from "zod";
import { driverSchemas } from "../drivers/driver-settings.ts";

/** Written with ten digits in the profiles; a mistaken component is off by far more. */
const unitTolerance = 1e-6;

const finite = z.number();
const positive = finite.positive();
const name = z.string().regex(/^[a-z][a-z0-9_]*$/, "expected lower case letters, digits and _");
const vector = z.tuple([finite, finite, finite]);
const unitVector = vector.refine((v) => isUnit(v), "expected length 1");
const unitQuaternion = z
  .tuple([finite, finite, finite, finite])
  .refine((q) => isUnit(q), "expected a unit quaternion x, y, z, w");

const limits = {
  lowerRad: finite,
  upperRad: finite,
  maxVelocityRadPerS: positive,
  maxAccelerationRadPerS2: positive,
  maxJerkRadPerS3: positive,
  maxEffortNm: positive,
};
const limitNames = Object.keys(limits) as (keyof typeof limits)[];

const Axis = z.strictObject({
  name,
  ...limits,
  provenance: z
    .enum(["measured", "datasheet", "assumed"])
    .describe("how the limits came to be known; of those without a source of their own"),
  sources: z
    .partialRecord(z.enum(limitNames), z.string().min(1))
    .describe("limits taken from a document, and which")
    .exactOptional(),
  continuous: z
    .boolean()
    .describe("turns for ever: positions wrap, the range spans one turn")
    .exactOptional(),
  softMarginRad: z.number().min(0).describe("kept free at either end of the range").exactOptional(),
});

const Joint = z.strictObject({
  axisName: name,
  frameId: name,
  translationM: vector,
  fixedXyzw: unitQuaternion,
  axis: unitVector,
});

/** A device profile as it is written. Radians, metres, seconds; right-handed, REP 103. */
export const Profile = z.strictObject({
  $schema: z.string().describe("for editors: profile.schema.json beside this file").exactOptional(),
  id: z.string().min(1).describe("what clients call the device"),
  profile: z.string().min(1).describe("what the profile is called"),
  title: z.string().min(1).describe("one line for people").exactOptional(),
  notes: z.array(z.string().min(1)).exactOptional(),
  axes: z.array(Axis).min(1).describe("their order is that of every joint array"),
  homeRad: z.array(finite),
  stowRad: z
    .array(finite)
    .describe("folded away; left out: home with the interlock axis at its lower end")
    .exactOptional(),
  interlock: z
    .strictObject({ axis: name, readyRad: finite })
    .describe("the other axes move only while this one is at or beyond readyRad")
    .exactOptional(),
  baseFrameId: name,
  chain: z.array(Joint).describe("from the base outwards, one joint for each axis"),
  camera: z.strictObject({
    frameId: name,
    parentFrameId: name.describe("chain frame that carries it; left out: the last").exactOptional(),
    translationM: vector,
    fixedXyzw: unitQuaternion,
    verticalFovRad: positive.max(Math.PI),
  }),
  driver: z
    .looseObject({ kind: z.string().min(1) })
    .describe("how the device is reached")
    .exactOptional(),
});
export type Profile = z.infer<typeof Profile>;

/**
 * The schema of a profile for editors: profile.schema.json. Of a driver's settings none is required
 * here, because a configuration may give what a profile leaves out.
 */
export function profileJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(Profile, { io: "input" }) as Record<string, unknown> & {
    properties: Record<string, unknown>;
  };
  const variants = Object.entries(driverSchemas()).map(([kind, settings]) => ({
    type: "object",
    title: kind,
    properties: { kind: { const: kind }, ...(settings["properties"] as object) },
    required: ["kind"],
    additionalProperties: false,
  }));
  return {
    ...schema,
    title: "kairos-bridge device profile",
    properties: { ...schema.properties, driver: { oneOf: variants } },
  };
}

function isUnit(components: readonly number[]): boolean {
  const square = components.reduce((sum, component) => sum + component * component, 0);
  return Math.abs(square - 1) < unitTolerance;
}
