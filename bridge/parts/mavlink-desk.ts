import type { GimbalDesk } from "../../devices/mavlink/gimbal-desk.ts";
import { DeskSeat, type DeskSeatOptions } from "./desk-seat.ts";

/** MAVLink components as sessions of the control desk, each with the role of a controller. */
export function mavlinkDesk(
  options: Pick<DeskSeatOptions, "desk" | "deviceId" | "now">,
): GimbalDesk {
  let seatCount = 0;
  return {
    openSeat({ systemId, componentId }) {
      seatCount += 1;
      // A seat that was left is not taken again: what is still on its way to it reaches nobody.
      const id = `mavlink-${systemId}-${componentId}-${seatCount}`;
      return new DeskSeat({ ...options, id, client: `MAVLink ${systemId}/${componentId}` });
    },
  };
}
