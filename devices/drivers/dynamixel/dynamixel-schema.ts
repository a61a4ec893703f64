import { z } from "zod";
import { busSettings, servoSettings } from "../servo-bus/bus-settings.ts";
import { dynamixelModels, type DynamixelModel } from "./dynamixel-models.ts";

const modelNames = Object.keys(dynamixelModels) as [DynamixelModel, ...DynamixelModel[]];

export const DynamixelSettings = z.strictObject({
  ...busSettings,
  baudRate: z.int().positive().default(57_600).describe("of the servos; 57600 as they come"),
  axes: z.record(
    z.string(),
    z.strictObject({
      ...servoSettings,
      model: z.enum(modelNames).optional().describe("checked against what the servo says it is"),
      multiTurn: z
        .boolean()
        .default(false)
        .describe("extended position mode (4) instead of position (3)"),
      profileAccelerationRadPerS2: z
        .number()
        .min(0)
        .default(0)
        .describe("the servo's own limit on top of ours; 0 is none"),
    }),
  ),
  watchdogMs: z
    .int()
    .min(0)
    .max(2540)
    .default(200)
    .describe(
      "the servos stop by themselves after so long without a packet; steps of 20, 0 is never",
    ),
  fastSyncRead: z
    .boolean()
    .default(false)
    .describe("all servos answer in one packet; needs firmware that has it"),
  returnDelayUs: z
    .number()
    .min(0)
    .max(508)
    .default(500)
    .describe(
      "as set in the servos (Return Delay Time times 2); only to tell how long a round takes",
    ),
  allowEepromWrites: z
    .boolean()
    .default(false)
    .describe("a servo in another operating mode is set to ours, for good"),
});
export type DynamixelSettings = Readonly<z.infer<typeof DynamixelSettings>>;
