import { BridgeError, ErrorCode } from "../bridge/contract/errors.ts";

/** The encapsulation header: representation identifier and options, two octets each. */
const headerBytes = 4;
/** OMG DDSI-RTPS 2.5, table 10.3: CDR_BE, CDR_LE, PL_CDR_BE, PL_CDR_LE, and XCDR2's up to 0x0b. */
const maxRepresentation = 0x0b;

/**
 * A message that could not be one is refused here, where its sender can be told: native middleware
 * reads it without a check, and an empty buffer ends the process (measured with rclnodejs 2.2.0).
 *
 * @throws BridgeError `ros/type`
 */
// hot path
export function checkCdr(cdr: Uint8Array, topicName: string): void {
  if (cdr.byteLength >= headerBytes && cdr[0] === 0 && (cdr[1] ?? 255) <= maxRepresentation) return;
  const found =
    cdr.byteLength < headerBytes
      ? `${cdr.byteLength} bytes`
      : `representation ${String(cdr[0])}:${String(cdr[1])}`;
  throw new BridgeError(
    ErrorCode.RosType,
    `message for ${topicName} has ${found}, expected a CDR encapsulation header of 4 bytes, 0:0 to 0:${maxRepresentation}`,
    { details: { topicName, sizeBytes: cdr.byteLength } },
  );
}
