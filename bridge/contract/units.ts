/**
 * Brands for the few numbers that are easy to swap and travel far. Lengths, angles and durations stay
 * plain numbers whose name ends in the unit.
 */
declare const unit: unique symbol;
type Unit<T extends number | bigint, U extends string> = T & { readonly [unit]: U };

/** Nanoseconds since the Unix epoch. A bigint: these exceed a safe integer. Only for stamps that leave the process. */
export type StampNs = Unit<bigint, "ns since Unix epoch">;
export const stampNs = (value: bigint): StampNs => value as StampNs;
