/**
 * Gazebo releases and what differs between them on the wire. The discovery protocol (version 10) and
 * the ZeroMQ frames are the same in all of them (gz-transport 11 to 15).
 */
const releases = {
  fortress: { typePrefix: "ignition.msgs.", environmentPrefixes: ["IGN"], imuHasCovariance: false },
  garden: { typePrefix: "gz.msgs.", environmentPrefixes: ["GZ", "IGN"], imuHasCovariance: false },
  harmonic: { typePrefix: "gz.msgs.", environmentPrefixes: ["GZ"], imuHasCovariance: true },
  ionic: { typePrefix: "gz.msgs.", environmentPrefixes: ["GZ"], imuHasCovariance: true },
  jetty: { typePrefix: "gz.msgs.", environmentPrefixes: ["GZ"], imuHasCovariance: true },
} as const satisfies Record<string, ReleaseFacts>;

export interface ReleaseFacts {
  /** In front of a message's name in type names. */
  readonly typePrefix: string;
  /** Of the variables PARTITION, IP, DISCOVERY_..., first come, first served. */
  readonly environmentPrefixes: readonly string[];
  readonly imuHasCovariance: boolean;
}

export type GazeboRelease = keyof typeof releases;
export const gazeboReleases = Object.keys(releases) as readonly GazeboRelease[];

export function releaseFacts(release: GazeboRelease): ReleaseFacts {
  return releases[release];
}

/** `gz.msgs.Double` for a codec's `Double`. */
export function typeName(release: GazeboRelease, codec: { readonly name: string }): string {
  return releases[release].typePrefix + codec.name;
}

/** The same message whatever the release calls its package. */
export function isSameMessage(typeA: string, typeB: string): boolean {
  const bare = (type: string): string => type.slice(type.lastIndexOf(".") + 1);
  return bare(typeA) === bare(typeB);
}
