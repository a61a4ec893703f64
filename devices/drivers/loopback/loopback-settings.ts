import { z } from "zod";
import type { DriverKind } from "../driver-kind.ts";

const LoopbackSettings = z.strictObject({
  lagMs: z.number().min(0).max(10_000).default(40).describe("time constant of each joint"),
});
export type LoopbackSettings = Readonly<z.infer<typeof LoopbackSettings>>;

export const loopbackKind: DriverKind<LoopbackSettings> = {
  schema: LoopbackSettings,
  describe: ({ lagMs }) => `no device; every joint lags by ${lagMs} ms`,
};
