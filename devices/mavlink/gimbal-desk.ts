import type { Component } from "../drivers/mavlink/codec/frame-writer.ts";

export type DeskAnswer =
  { readonly ok: true } | { readonly ok: false; readonly code: string; readonly reason: string };

/** By axis name, ours: radians and rad/s; what is left out goes on as it is. */
export type AxisValues = Readonly<Record<string, number>>;

/** One MAVLink component as a client of the control desk: what it may do is judged there. */
export interface GimbalSeat {
  acquire(): DeskAnswer;
  /** Its device holds, and the right goes back. */
  release(reason: string): void;
  velocity(velRadPerS: AxisValues, ttlMs: number): DeskAnswer;
  position(posRad: AxisValues, velocityRatio: number): DeskAnswer;
  stow(): DeskAnswer;
  /** To be called while the component is heard. */
  checkIn(): void;
  /** The component is gone: what it moved stops. Safe to repeat. */
  close(reason: string): void;
}

/** Where components take a seat. */
export interface GimbalDesk {
  /** @param onLost the right to move was lost without being given back. */
  openSeat(component: Component, onLost: (reason: string) => void): GimbalSeat;
}
