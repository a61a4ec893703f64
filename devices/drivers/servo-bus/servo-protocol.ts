import type { FrameFormat } from "../serial/frame-scanner.ts";

/** A run of bytes in a servo's control table. */
export interface Block {
  readonly address: number;
  readonly count: number;
}

/** A servo's answer: one object for all of them, its bytes borrowed from the scanner. */
export interface StatusReply {
  id: number;
  error: number;
  bytes: Uint8Array;
  start: number;
  length: number;
}

/**
 * One protocol of request and status packets, as a bus needs it. Each encoder writes a whole packet into
 * `frame` and returns its length; nothing is allocated. // hot path
 */
export interface ServoProtocol {
  readonly frame: Uint8Array;
  readonly format: FrameFormat;
  readonly maxFrameBytes: number;
  ping(id: number): number;
  read(id: number, block: Block): number;
  write(id: number, address: number, data: Uint8Array): number;
  syncRead(block: Block, ids: Uint8Array): number;
  /** @param data `block.count` bytes per servo, in the order of `ids`. */
  syncWrite(block: Block, ids: Uint8Array, data: Uint8Array): number;
  /**
   * Calls `onReply` for every answer in a frame; never for our own request come back, or another master's.
   *
   * @param dataCount bytes of data that were asked of each servo.
   */
  eachReply(
    bytes: Uint8Array,
    start: number,
    length: number,
    dataCount: number,
    onReply: (reply: StatusReply) => void,
  ): void;
  /** Length of an answer with so many data bytes, without stuffing. */
  statusBytes(dataCount: number): number;
  /** Length of a request with so many parameter bytes, without stuffing. */
  requestBytes(parameterCount: number): number;
}

export const emptyReply = (): StatusReply => ({
  id: 0,
  error: 0,
  bytes: new Uint8Array(0),
  start: 0,
  length: 0,
});
