import { BridgeError, ErrorCode } from "../../../bridge/contract/errors.ts";

const maxNameLength = 65_535;

/**
 * `@/partition@/topic`, the name on the wire.
 *
 * @throws BridgeError `config/invalid` for a name Gazebo refuses too.
 */
export function qualifiedName(partition: string, topic: string): string {
  const absolute = topic.startsWith("/") ? topic : `/${topic}`;
  const qualified = `@/${partition.replace(/^\/+|\/+$/g, "")}@${absolute}`;
  if (!/^[^@\s~]+$/.test(absolute) || absolute.includes("//") || absolute.includes(":=")) {
    throw new BridgeError(
      ErrorCode.ConfigInvalid,
      `topic ${JSON.stringify(topic)} has a character Gazebo does not take: @, ~, :=, // or a space`,
    );
  }
  if (qualified.length > maxNameLength) {
    throw new BridgeError(
      ErrorCode.ConfigInvalid,
      `topic name has ${qualified.length} characters, expected at most ${maxNameLength}`,
    );
  }
  return qualified;
}

/** The topic without its partition; undefined if it belongs to another one. */
export function topicInPartition(partition: string, qualified: string): string | undefined {
  const prefix = qualifiedName(partition, "/").slice(0, -1);
  return qualified.startsWith(`${prefix}/`) ? qualified.slice(prefix.length) : undefined;
}
