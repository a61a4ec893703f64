import {
  datagramLine,
  parseEndpoint,
  type Endpoint,
} from "../../devices/drivers/mavlink/datagram-line.ts";
import { openSigning } from "../../devices/drivers/mavlink/codec/signing-key.ts";
import { isLoopback } from "../../devices/drivers/mavlink/gimbal-joints.ts";
import { GimbalManager } from "../../devices/mavlink/gimbal-manager.ts";
import type { Config } from "../config.ts";
import type { Clock } from "../contract/clock.ts";
import type { DeviceDescription } from "../contract/device.ts";
import { BridgeError, ErrorCode } from "../contract/errors.ts";
import type { Log } from "../contract/log.ts";
import type { ControlDesk } from "../control/desk.ts";
import type { SharedMemory } from "../shared-memory.ts";
import { mavlinkDesk } from "./mavlink-desk.ts";

const tickMs = 20;

export interface MavlinkOptions {
  readonly device: DeviceDescription;
  readonly desk: ControlDesk;
  readonly memory: Pick<SharedMemory, "telemetry">;
  readonly clock: Clock;
  readonly log: Log;
  readonly version: string;
}

/**
 * The gimbal manager, if the configuration asks for it.
 *
 * @throws BridgeError `config/invalid`: an address, a key, or a port open to everybody without one.
 */
export function openMavlink(
  { mavlink: asked }: Config,
  options: MavlinkOptions,
): AsyncDisposable | undefined {
  if (!asked.enabled) return undefined;
  const { device, desk, memory, clock, log, version } = options;
  const isKeyed = asked.signingKeyFile !== "" && !asked.acceptUnsigned;
  if (!isLoopback(asked.bind) && !isKeyed)
    throw invalid(
      `mavlink.bind is ${asked.bind}, where anybody can command the device, expected 127.0.0.1 or a signingKeyFile`,
    );
  const now = (): number => clock.monotonicMs();
  const signing = openSigning(asked);
  const manager = new GimbalManager({
    ...asked,
    device,
    signing,
    version,
    now,
    log,
    desk: mavlinkDesk({ desk, deviceId: device.id, now }),
    readJoints: (row) => memory.telemetry.latest(row),
    openLine: datagramLine({
      bind: endpoint("mavlink.bind", asked.bind),
      peers: asked.peers.map((peer) => endpoint("mavlink.peers", peer)),
      learn: true,
      monotonicMs: now,
      onListening: (port) => {
        log.info({ port }, "MAVLink gimbal manager listens");
      },
    }),
  });
  const timer = setInterval(() => {
    manager.tick();
  }, tickMs);
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await manager[Symbol.asyncDispose]();
    },
  };
}

function endpoint(name: string, text: string): Endpoint {
  const found = parseEndpoint(text);
  if (found === undefined) throw invalid(`${name} is ${text}, expected host:port`);
  return found;
}

const invalid = (message: string): BridgeError => new BridgeError(ErrorCode.ConfigInvalid, message);
