import { structureReader, structureWriter, type Decode, type Encode } from "../messages/codec.ts";

/** A structure an action is made of, as octets and back. */
export interface StructCodec<Message> {
  readonly write: Encode<Message>;
  /** @throws BridgeError `ros/type` for octets that are not one whole message. */
  readonly read: Decode<Message>;
}

/** @param name as the type table has it, e.g. `control_msgs/action/FollowJointTrajectory_Goal`. */
export function structCodec<Message>(name: string): StructCodec<Message> {
  return { write: structureWriter(name), read: structureReader(name) };
}
