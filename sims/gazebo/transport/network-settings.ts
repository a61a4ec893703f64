import { hostname, userInfo } from "node:os";
import { isIPv4 } from "node:net";
import { BridgeError, ErrorCode } from "../../../bridge/contract/errors.ts";
import { releaseFacts, type GazeboRelease } from "./release.ts";

/** Where a process meets Gazebo. */
export interface NetworkSettings {
  readonly release: GazeboRelease;
  /** Only those in the same partition see each other. */
  readonly partition: string;
  /** IPv4 address of the interface to use; ours in what we advertise. */
  readonly address: string;
  readonly multicastGroup: string;
  readonly messagePort: number;
  readonly servicePort: number;
}

export interface NetworkWishes {
  readonly release: GazeboRelease;
  /** Empty = the environment, else `hostname:user` as Gazebo itself has it. */
  readonly partition?: string;
  /** Empty = GZ_IP or IGN_IP, else 127.0.0.1: nothing leaves the machine unasked. */
  readonly address?: string;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The configuration's wishes, then the variables Gazebo's own programs honour, then defaults.
 *
 * @throws BridgeError `config/invalid` for an address or port that is none.
 */
export function networkSettings(wishes: NetworkWishes, environment: Environment): NetworkSettings {
  const lookUp = (name: string): string | undefined => {
    for (const prefix of releaseFacts(wishes.release).environmentPrefixes) {
      const value = environment[`${prefix}_${name}`];
      if (value !== undefined && value !== "") return value;
    }
    return undefined;
  };
  const address = nonEmpty(wishes.address) ?? lookUp("IP") ?? "127.0.0.1";
  if (!isIPv4(address)) throw invalid("gazebo.address", address, "an IPv4 address");
  const multicastGroup = lookUp("DISCOVERY_MULTICAST_IP") ?? "239.255.0.7";
  if (!isIPv4(multicastGroup)) throw invalid("multicast group", multicastGroup, "an IPv4 address");
  return {
    release: wishes.release,
    partition: checkedPartition(
      nonEmpty(wishes.partition) ?? lookUp("PARTITION") ?? `${hostname()}:${userInfo().username}`,
    ),
    address,
    multicastGroup,
    messagePort: port(lookUp("DISCOVERY_MSG_PORT"), 10317),
    servicePort: port(lookUp("DISCOVERY_SRV_PORT"), 10318),
  };
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === "" ? undefined : text;
}

function port(text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback;
  const value = Number(text);
  if (Number.isInteger(value) && value > 0 && value < 65536) return value;
  throw invalid("discovery port", text, "1 to 65535");
}

function checkedPartition(partition: string): string {
  if (/^[^@\s]{1,256}$/.test(partition) && !partition.includes("//")) return partition;
  throw invalid("gazebo.partition", partition, "no @, no spaces, no //");
}

function invalid(what: string, found: string, expected: string): BridgeError {
  return new BridgeError(
    ErrorCode.ConfigInvalid,
    `${what} is ${JSON.stringify(found)}, expected ${expected}`,
  );
}
