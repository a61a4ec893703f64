import { z } from "zod";

const AxisSettings = z.strictObject({
  axis: z
    .enum(["roll", "pitch", "yaw"])
    .optional()
    .describe("of the board; by default the one of that name"),
  sign: z
    .union([z.literal(1), z.literal(-1)])
    .optional()
    .describe("default: roll and pitch 1, yaw -1"),
  zeroRad: z.number().default(0),
  mode: z
    .enum(["angle", "speed", "speed-angle"])
    .default("angle")
    .describe("only `angle` comes to rest by itself when the line is cut"),
});

export const SimplebgcSettings = z.strictObject({
  port: z.string().min(1).describe("serial port, best by /dev/serial/by-id/..."),
  baudRate: z.int().positive().default(115_200),
  protocolVersion: z
    .union([z.literal(1), z.literal(2)])
    .default(1)
    .describe("of what is sent; 2 has a CRC-16 and needs firmware 2.68 or later"),
  angles: z
    .enum(["imu", "frame"])
    .default("imu")
    .describe("of the camera over the horizon, or of the camera against the frame it hangs on"),
  axes: z.record(z.string(), AxisSettings).default({}),
  controlHz: z
    .number()
    .min(5)
    .max(200)
    .default(100)
    .describe("how often the board is told where to be"),
  telemetryHz: z.number().min(5).max(200).default(50),
  motorsOffAtClose: z.boolean().default(false).describe("the camera drops when the service ends"),
});
export type SimplebgcSettings = Readonly<z.infer<typeof SimplebgcSettings>>;
