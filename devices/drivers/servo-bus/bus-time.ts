import type { ServoFamily } from "./servo-family.ts";

/** Start bit, eight data bits, stop bit. */
const bitsPerByte = 10;

/**
 * How long the wire is taken by one round, ms: goals for all in one packet, a question, and the answers,
 * each after its servo's return delay. What adapter and kernel add comes on top.
 */
export function roundMs(
  family: ServoFamily,
  options: {
    readonly servoCount: number;
    readonly baudRate: number;
    readonly returnDelayMs: number;
  },
): number {
  const { protocol, goal, telemetry, canSyncRead } = family;
  const { servoCount, baudRate, returnDelayMs } = options;
  const blockBytes = protocol.requestBytes(4) - protocol.requestBytes(0);
  const goalBytes = protocol.requestBytes(blockBytes + servoCount * (1 + goal.count));
  const askBytes = canSyncRead
    ? protocol.requestBytes(blockBytes + servoCount)
    : servoCount * protocol.requestBytes(blockBytes);
  const answerBytes = servoCount * protocol.statusBytes(telemetry.count);
  const wireMs = ((goalBytes + askBytes + answerBytes) * bitsPerByte * 1000) / baudRate;
  return wireMs + servoCount * returnDelayMs;
}
