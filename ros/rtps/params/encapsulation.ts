/** How a payload is serialized: the first two octets of its header (RTPS 2.5, 10.2; DDS-XTypes 1.3, 7.6.3.1.2). */
const names: Readonly<Record<number, string>> = {
  0x0000: "CDR_BE",
  0x0001: "CDR_LE",
  0x0002: "PL_CDR_BE",
  0x0003: "PL_CDR_LE",
  0x0004: "XML",
  0x0006: "CDR2_BE (XCDR2)",
  0x0007: "CDR2_LE (XCDR2)",
  0x0008: "D_CDR2_BE (XCDR2)",
  0x0009: "D_CDR2_LE (XCDR2)",
  0x000a: "PL_CDR2_BE (XCDR2)",
  0x000b: "PL_CDR2_LE (XCDR2)",
};

const headerBytes = 4;
const lastPlainCdr = 0x0001;

/** Whether a ROS message may be in there: CDR version 1 of either byte order. // hot path */
export function isPlainCdr(payload: Buffer): boolean {
  return payload.length >= headerBytes && payload.readUInt16BE(0) <= lastPlainCdr;
}

/** For people: `CDR2_LE (XCDR2)`, or `none` where there is no header at all. */
export function encapsulationName(payload: Buffer): string {
  if (payload.length < headerBytes) return "none";
  const id = payload.readUInt16BE(0);
  return names[id] ?? `0x${id.toString(16).padStart(4, "0")}`;
}
