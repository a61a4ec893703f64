import { z } from "zod";
import { busSettings, servoSettings } from "../servo-bus/bus-settings.ts";
import { feetechModels, type FeetechModel } from "./feetech-models.ts";

const modelNames = Object.keys(feetechModels) as [FeetechModel, ...FeetechModel[]];
/** Servos of one bus agree on the order of bytes: one sync write tells them all. */
export const FeetechSettings = z.strictObject({
  ...busSettings,
  baudRate: z.int().positive().default(1_000_000).describe("of the servos; 1000000 as they come"),
  model: z.enum(modelNames).default("sts3215").describe("of all servos on the bus"),
  axes: z.record(z.string(), z.strictObject(servoSettings)),
  returnDelayUs: z
    .number()
    .min(0)
    .max(508)
    .default(0)
    .describe("as set in the servos (register 7 times 2); only to tell how long a round takes"),
});
export type FeetechSettings = Readonly<z.infer<typeof FeetechSettings>>;
