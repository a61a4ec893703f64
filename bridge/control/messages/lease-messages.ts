import * as z from "zod";
import { deviceId, leaseTicket, name, ratio, requestId } from "./fields.ts";

export const leaseAcquire = z
  .strictObject({ type: z.literal("lease.acquire"), id: requestId, device: deviceId })
  .meta({ description: "Asks for the right to move a device that nobody live holds." });

export const leaseTake = z
  .strictObject({ type: z.literal("lease.take"), id: requestId, device: deviceId })
  .meta({ description: "By force, away from whoever holds it. For supervisors." });

export const leaseRetain = z
  .strictObject({
    type: z.literal("lease.retain"),
    id: requestId,
    device: deviceId,
    lease: leaseTicket,
  })
  .meta({ description: "Checks in, and makes a stale lease fresh if nobody claimed it." });

export const leaseReturn = z
  .strictObject({
    type: z.literal("lease.return"),
    id: requestId,
    device: deviceId,
    lease: leaseTicket,
  })
  .meta({ description: "Gives the right back; the device stops." });

export const leaseDelegate = z
  .strictObject({
    type: z.literal("lease.delegate"),
    id: requestId,
    device: deviceId,
    lease: leaseTicket,
    /** Session of an agent. */
    to: name,
    velocityRatio: ratio,
    accelerationRatio: ratio,
    /** Ends by itself after this long; left out: with the lease. */
    forMs: z.number().positive().max(3_600_000).exactOptional(),
  })
  .meta({
    description:
      "The owner of a lease lends an agent a reduced right. It ends with the lease, when the owner moves the device itself, and when it is revoked.",
  });

export const leaseRevoke = z
  .strictObject({
    type: z.literal("lease.revoke"),
    id: requestId,
    device: deviceId,
    lease: leaseTicket,
  })
  .meta({ description: "The owner takes back what it lent; the device stops." });
