import { messageReader, messageWriter } from "../../ros/messages/codec.ts";
import type {
  CompressedImage,
  Header,
  Image,
  JointState,
  JointTrajectory,
  RosTypeName,
} from "../../ros/messages/message-types.ts";

export interface Shape {
  readonly joints: number;
  readonly points: number;
  readonly bytes: number;
}

interface Mark {
  readonly sequence: number;
  readonly stampNs: bigint;
}

/** What the peers send and measure, as cyclone/ros-kinds.c has it: content in README.md. */
export interface BridgeKind<Message = unknown> {
  /** ROS type name. */
  readonly type: string;
  readonly make: (shape: Shape, mark: Mark) => Message;
  readonly readMark: (message: Message) => Mark;
  /** The members a peer prints after `"event":"sample"`. */
  readonly toJson: (message: Message) => object;
  readonly encode: (message: Message) => Uint8Array;
  readonly decode: (cdr: Uint8Array) => Message;
}

const joint: BridgeKind<JointState> = {
  ...coded("sensor_msgs/msg/JointState"),
  make: ({ joints }, mark): JointState => ({
    header: header(mark),
    name: jointNames(joints),
    position: Float64Array.from({ length: joints }, (_, i) => i + 0.25),
    velocity: Float64Array.from({ length: joints }, (_, i) => 0 - i),
    effort: new Float64Array(joints).fill(mark.sequence),
  }),
  readMark: (message) => ({
    sequence: message.effort[0] ?? Number.NaN,
    stampNs: stampOf(message.header),
  }),
  toJson: (message) => ({
    ...message,
    position: [...message.position],
    velocity: [...message.velocity],
    effort: [...message.effort],
  }),
};

const trajectory: BridgeKind<JointTrajectory> = {
  ...coded("trajectory_msgs/msg/JointTrajectory"),
  make: ({ joints, points }, mark): JointTrajectory => ({
    header: header(mark),
    joint_names: jointNames(joints),
    points: Array.from({ length: points }, (_point, k) => ({
      positions: Float64Array.from({ length: joints }, (_, i) => k + 0.25 + i),
      velocities: Float64Array.from({ length: joints }, (_, i) =>
        k === 0 && i === 0 ? mark.sequence : k - i,
      ),
      accelerations: new Float64Array(0),
      effort: new Float64Array(0),
      time_from_start: { sec: k, nanosec: 40_000_000 * (k + 1) },
    })),
  }),
  readMark: (message) => ({
    sequence: message.points[0]?.velocities[0] ?? Number.NaN,
    stampNs: stampOf(message.header),
  }),
  toJson: (message) => ({
    ...message,
    points: message.points.map((point) => ({
      time_from_start: point.time_from_start,
      positions: [...point.positions],
      velocities: [...point.velocities],
      accelerations: [...point.accelerations],
      effort: [...point.effort],
    })),
  }),
};

const compressed: BridgeKind<CompressedImage> = {
  ...coded("sensor_msgs/msg/CompressedImage"),
  make: ({ bytes }, mark): CompressedImage => ({
    header: header(mark),
    format: "jpeg",
    data: picture(bytes, mark.sequence),
  }),
  readMark: (message) => ({
    sequence: sequenceOf(message.data),
    stampNs: stampOf(message.header),
  }),
  toJson: (message) => ({ ...message, data: bytesJson(message.data) }),
};

const image: BridgeKind<Image> = {
  ...coded("sensor_msgs/msg/Image"),
  make: ({ bytes }, mark): Image => {
    const step = 640 * 3;
    const height = Math.floor(bytes / step);
    return {
      header: header(mark),
      height,
      width: 640,
      encoding: "rgb8",
      is_bigendian: 0,
      step,
      data: picture(step * height, mark.sequence),
    };
  },
  readMark: (message) => ({
    sequence: sequenceOf(message.data),
    stampNs: stampOf(message.header),
  }),
  toJson: (message) => ({ ...message, data: bytesJson(message.data) }),
};

/** CDR by hand: the bridge itself has no use for strings. */
const string: BridgeKind<string> = {
  type: "std_msgs/msg/String",
  make: (_shape, { sequence, stampNs }) => `${sequence} ${stampNs}`,
  readMark: (text) => {
    const [sequence, stampNs] = text.split(" ");
    return { sequence: Number(sequence), stampNs: BigInt(stampNs ?? 0) };
  },
  toJson: (text) => ({ data: text }),
  encode: (text) => {
    const cdr = Buffer.alloc(4 + 4 + text.length + 1);
    cdr.writeUInt8(1, 1);
    cdr.writeUInt32LE(text.length + 1, 4);
    cdr.write(text, 8, "latin1");
    return cdr;
  },
  decode: (cdr) => {
    const bytes = Buffer.from(cdr.buffer, cdr.byteOffset, cdr.byteLength);
    const length = bytes.readUInt8(1) === 1 ? bytes.readUInt32LE(4) : bytes.readUInt32BE(4);
    return bytes.toString("latin1", 8, 8 + length - 1);
  },
};

function coded<Name extends RosTypeName>(type: Name) {
  return { type, encode: messageWriter(type), decode: messageReader(type) };
}

export function findKind(name: string): BridgeKind {
  const kinds: Record<string, unknown> = { string, joint, trajectory, compressed, image };
  const kind = kinds[name];
  if (kind === undefined) throw new Error(`unknown kind ${name}`);
  return kind as BridgeKind;
}

function header({ stampNs }: Mark): Header {
  return {
    stamp: { sec: Number(stampNs / 1_000_000_000n), nanosec: Number(stampNs % 1_000_000_000n) },
    frame_id: "base",
  };
}

function stampOf({ stamp }: Header): bigint {
  return BigInt(stamp.sec) * 1_000_000_000n + BigInt(stamp.nanosec);
}

function jointNames(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `joint${i + 1}`);
}

const pictures = new Map<number, Uint8Array>();

/** The same array for every sample of a size; only its first 4 bytes change. */
function picture(bytes: number, sequence: number): Uint8Array {
  let data = pictures.get(bytes);
  if (data === undefined) {
    data = Uint8Array.from({ length: bytes }, (_, i) => i * 31 + (i >> 8));
    pictures.set(bytes, data);
  }
  for (let i = 0; i < Math.min(4, bytes); i += 1) data[i] = sequence >>> (8 * i);
  return data;
}

function sequenceOf(data: Uint8Array): number {
  return new DataView(data.buffer, data.byteOffset).getUint32(0, true);
}

function bytesJson(data: Uint8Array): object {
  let hash = 2166136261;
  for (const byte of data) hash = Math.imul(hash ^ byte, 16777619) >>> 0;
  return {
    bytes: data.length,
    start: Buffer.from(data.subarray(0, 8)).toString("hex"),
    fnv1a: hash,
  };
}
