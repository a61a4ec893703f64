/**
 * `kairos-bridge/client`: drive a device and follow what is predicted of it, from a browser, Node or
 * React Native.
 */
export {
  connectControl,
  type ConnectControlOptions,
  type ControlClient,
} from "./control-client.ts";
export {
  connectStream,
  type ConnectStreamOptions,
  type StreamClient,
  type StreamSubscription,
} from "./stream-client.ts";
export {
  keepControl,
  type ControlKeeper,
  type KeepControlOptions,
  type KeeperEvents,
} from "./control-keeper.ts";
export {
  connectDeviceAgent,
  whenAccepted,
  type AgentAxis,
  type AgentSetpoint,
  type DeviceAgent,
  type DeviceAgentEvents,
  type DeviceAgentOptions,
  type DeviceReading,
} from "./device-agent.ts";
export {
  forgetPairing,
  pairedKey,
  pairWithCode,
  pairWithLink,
  type KeyStorage,
  type PairedKey,
  type PairOptions,
  sessionTicket,
} from "./pairing.ts";
export type { PairingCrypto } from "./pairing-crypto.ts";
export { readPairingLink, type PairingLink } from "./pairing-link.ts";
export { SimulatedMount, type SimulatedMountOptions } from "./simulated-mount.ts";
export type { ControlClosed } from "./control-link.ts";
export { ClientCode, ControlError } from "./errors.ts";
export type { ClockEstimate, ClockState } from "./clock-sync.ts";
export type { FollowEnd, FollowOptions, FollowStream } from "./follow-stream.ts";
export type {
  ActionName,
  ActionOptions,
  DelegateOptions,
  FoldOptions,
  LeaseHandle,
  PoseOptions,
  PositionOptions,
  TrackTarget,
  Trajectory,
} from "./lease.ts";
export type { Motion, MotionApplied, MotionDone, MotionReceived } from "./motion.ts";
export type { VelocityStream, VelocityStreamOptions } from "./velocity-stream.ts";
export type { ServerUrl, SocketConstructor, SocketLike } from "./socket.ts";
export type {
  AckMessage,
  DeviceMode,
  DeviceOffer,
  ErrorMessage,
  EventMessage,
  LeaseHolder,
  LeaseMessage,
  LeaseTicket,
  StateMessage,
  WelcomeMessage,
} from "../control/server-messages.ts";
export type { StreamTopic } from "../control/messages.ts";
export type {
  CameraPathPayload,
  CameraPayload,
  HorizonScore,
  NdArray,
  PredictedCameraPayload,
  PredictionPayload,
  ScorePayload,
  StatePayload,
  StatusPayload,
  StreamPayloads,
  TargetPayload,
} from "../control/stream-messages.ts";
