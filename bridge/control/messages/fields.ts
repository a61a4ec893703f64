import * as z from "zod";

/** What a schema gives, for reading only. */
export type Wire<T> = T extends object ? { readonly [Key in keyof T]: Wire<T[Key]> } : T;

export const maxTtlMs = 5000;

export const requestId = z.int().nonnegative().meta({
  description:
    "The client's own number for a request. The same id again is the same request: within 30 s it gets the first answer and is not carried out twice.",
});
export const deviceId = z.string().min(1).max(64);
export const name = z.string().min(1).max(64);
export const leaseTicket = z
  .strictObject({
    epoch: z.string().min(1).max(64),
    sequence: z.int().positive(),
    /** Of a right that was lent by the lease's owner; absent for the lease itself. */
    sub: z.int().positive().exactOptional(),
  })
  .meta({
    description:
      "The right to move a device. `epoch` is one run of the server, `sequence` rises with every owner, `sub` with every right its owner lends.",
  });
export const ttlMs = z.number().min(1).max(maxTtlMs).meta({
  description: "The device brakes to rest this long after sending unless a newer command came.",
});
export const ratio = z.number().gt(0).max(1);
/** By axis name, e.g. `{"yaw": 0.5}`; axes left out go on as they are. */
export const perAxis = z
  .record(z.string().min(1).max(64), z.number())
  .meta({ description: "By axis name; axes left out go on as they are." });
export const vector3 = z.tuple([z.number(), z.number(), z.number()]);
export const xyzw = z
  .tuple([z.number(), z.number(), z.number(), z.number()])
  .refine((value) => Math.abs(Math.hypot(...value) - 1) < 1e-3, "a quaternion of length 1 (xyzw)")
  .meta({ description: "A unit quaternion: x, y, z, w." });
export const clientMs = z
  .number()
  .meta({ description: "On the client's own monotonic clock, ms." });
export const serverMs = z
  .number()
  .meta({ description: "On the server's monotonic clock, ms; see `serverMs` of welcome." });
