import type { ControlSeat } from "../../bridge/contract/control-seat.ts";
import type { Component } from "../drivers/mavlink/codec/frame-writer.ts";

/** Where MAVLink components take seats. */
export interface GimbalDesk {
  openSeat(component: Component): ControlSeat;
}
