import { z } from "zod";

const endpoint = z.string().regex(/^(\[[0-9a-fA-F:]+\]|[^:[\]\s]+):\d{1,5}$/, "expected host:port");
const componentId = z.int().min(0).max(255);

export const MavlinkSettings = z.strictObject({
  port: z.string().min(1).optional().describe("serial port; left out: UDP"),
  baudRate: z.int().positive().default(115_200),
  bind: endpoint.default("127.0.0.1:14560").describe("UDP: where we listen"),
  address: endpoint
    .optional()
    .describe("UDP: where the gimbal listens; left out: whoever speaks to us is answered"),
  systemId: z.int().min(1).max(255).default(1).describe("ours: that of the vehicle we belong to"),
  componentId: z.int().min(1).max(255).default(191).describe("ours: 191 is an onboard computer"),
  gimbalSystemId: componentId.default(0).describe("0: any"),
  gimbalComponentId: componentId
    .default(0)
    .describe("154, 171 to 175; 0: the first of them that speaks"),
  setpointHz: z.number().min(5).max(100).default(50),
  statusHz: z
    .number()
    .min(10)
    .max(100)
    .default(50)
    .describe("asked for; a device may choose another rate"),
  rollLock: z.boolean().default(true).describe("roll against the horizon, not the vehicle"),
  pitchLock: z.boolean().default(true).describe("pitch against the horizon, not the vehicle"),
  atClose: z
    .enum(["hold", "neutral", "retract"])
    .default("hold")
    .describe("what the gimbal is told when the service ends"),
  signingKeyFile: z.string().min(1).optional().describe("32 bytes as 64 hexadecimal digits"),
  linkId: z.int().min(0).max(255).default(1),
  acceptUnsigned: z.boolean().default(false).describe("matters with a signingKeyFile only"),
});
export type MavlinkSettings = Readonly<z.infer<typeof MavlinkSettings>>;
