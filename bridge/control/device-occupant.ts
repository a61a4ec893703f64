import type { PeerClock } from "../core/peer-clock.ts";
import type { DeviceCode, DeviceOfferMessage, DeviceServerMessage } from "./device-messages.ts";

/** The other end of an agent's session. */
export interface AgentPeer {
  readonly session: string;
  readonly client: string;
  /** Bytes wait to be sent: what is sent now would come late. */
  readonly congested: boolean;
  send(message: DeviceServerMessage): void;
  /** The session is over; nothing more is sent. */
  end(code: DeviceCode, reason: string): void;
}

/** The agent that sits there, with what it offered and how it was heard. */
export interface Occupant {
  readonly peer: AgentPeer;
  readonly offer: DeviceOfferMessage;
  /** For each axis of the device, where it stands in the arrays of the wire. */
  readonly offerIndex: readonly number[];
  readonly clock: PeerClock;
  heardMs: number;
  telemetrySeq: number;
  enabled: boolean;
}
