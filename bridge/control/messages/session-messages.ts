import * as z from "zod";
import { onMissActions, onStaleActions } from "../../core/keepalive.ts";
import { roles } from "../../core/roles.ts";
import { keepaliveBounds } from "../../core/session-clock.ts";
import { clientMs, name, requestId } from "./fields.ts";

const { missMs, staleMs, closeMs } = keepaliveBounds;

/** What shall happen when this client falls silent; left out: as the server has it. */
export const keepaliveWish = z
  .strictObject({
    missMs: z.number().min(missMs.min).max(missMs.max).exactOptional(),
    staleMs: z.number().min(staleMs.min).max(staleMs.max).exactOptional(),
    closeMs: z.number().min(closeMs.min).max(closeMs.max).exactOptional(),
    onMiss: z.enum(onMissActions).exactOptional(),
    onStale: z.enum(onStaleActions).exactOptional(),
  })
  .meta({
    description:
      "What shall happen when no `checkin` comes: after missMs the device is held (or latched: `estop`), after staleMs its lease may be acquired by others (or is returned), after closeMs the session ends.",
  });

export const hello = z
  .strictObject({
    type: z.literal("hello"),
    protocol: z.string().max(64),
    role: z.enum(roles),
    client: name,
    token: z.string().max(4096).exactOptional(),
    keepalive: keepaliveWish.exactOptional(),
  })
  .meta({ description: "The first message of a session, and only the first." });

export const checkin = z
  .strictObject({ type: z.literal("checkin") })
  .meta({ description: "The program behind the socket lives. Only this renews authority." });

export const sync = z
  .strictObject({
    type: z.literal("sync"),
    t0Ms: clientMs,
    /** The exchange before this one, complete: so the server knows the offset too. */
    previous: z
      .strictObject({ t0Ms: clientMs, t1Ms: z.number(), t2Ms: z.number(), t3Ms: clientMs })
      .exactOptional(),
  })
  .meta({
    description:
      "Compares clocks as NTP does. `previous` hands the last exchange back with the time its answer came.",
  });

export const modelUse = z
  .strictObject({
    type: z.literal("model.use"),
    id: requestId,
    path: z.string().min(1).max(4096),
  })
  .meta({
    description: "Brings in the model package at a path of the server's machine. For supervisors.",
  });
