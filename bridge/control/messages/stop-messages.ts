import * as z from "zod";
import { deviceId, requestId } from "./fields.ts";

export const stop = z
  .strictObject({
    type: z.literal("stop"),
    id: requestId.exactOptional(),
    /** All devices when left out. */
    device: deviceId.exactOptional(),
    level: z.enum(["hold", "estop"]),
    reason: z.string().max(200).exactOptional(),
  })
  .meta({
    description:
      "`hold` brakes to rest, ready for commands; `estop` latches until a reset. Allowed to every role, without a lease; never answered from memory, always carried out.",
  });

export const reset = z
  .strictObject({
    type: z.literal("reset"),
    id: requestId.exactOptional(),
    device: deviceId.exactOptional(),
  })
  .meta({
    description:
      "Leaves the latch once the device is at rest. Never moves anything: going on takes a new lease and a new command.",
  });
