/**
 * A recording: one header, then chunks, each whole or not there. Little-endian.
 *
 * ```
 * header   8 bytes "KAIROSR1" · u32 length · u32 crc32 · JSON of RecordingHeader, UTF-8
 * chunk    4 bytes "CHNK" · u32 length · u32 crc32 of the records · records
 * record   u8 kind · 3 bytes 0 · u32 body length · f64 stampMs · body
 *
 * kind 1   joints       f64 position[axes] · velocity[axes] · effort[axes]
 *      2   setpoint     f64 position[axes] · velocity[axes]
 *      3   picture      u32 sequence · u16 width · u16 height · JPEG
 *      4   picture      u32 sequence · u16 width · u16 height · rgb8
 *      5   prediction   u32 steps · u32 axes · f64 inferMs · f32 [5][steps][axes]:
 *                       actions · mean position · its deviation · mean velocity · its deviation
 *      6   event        JSON, UTF-8
 * ```
 * Stamps are monotonic ms of the process that recorded; the header ties them to the wall clock. Kinds a
 * reader does not know are passed over.
 */
export const magic = "KAIROSR1";
export const chunkMark = "CHNK";
export const headerBytes = 16;
export const chunkHeadBytes = 12;
export const recordHeadBytes = 16;

export const RecordKind = {
  Joints: 1,
  Setpoint: 2,
  Jpeg: 3,
  Rgb: 4,
  Prediction: 5,
  Event: 6,
} as const;
export type RecordKind = (typeof RecordKind)[keyof typeof RecordKind];

export interface RecordingHeader {
  readonly version: 1;
  readonly deviceId: string;
  readonly deviceProfile: string;
  readonly axisNames: readonly string[];
  readonly model: { readonly id: string; readonly revision: string; readonly sha256: string };
  readonly modelStepMs: number;
  /** Wall clock at `startMs`, ns since 1970, decimal. */
  readonly startNs: string;
  readonly startMs: number;
  /** What was made to fail on purpose while recording. */
  readonly faults: readonly string[];
}
