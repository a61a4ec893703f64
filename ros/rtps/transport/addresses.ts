import { networkInterfaces } from "node:os";
import type { DiscoveryRange } from "./discovery-range.ts";

export const loopback = "127.0.0.1";

/** The IPv4 addresses of this machine at present. */
export function ownAddresses(): readonly string[] {
  return Object.values(networkInterfaces())
    .flatMap((entries) => entries ?? [])
    .filter((entry) => entry.family === "IPv4")
    .map((entry) => entry.address);
}

export function isLoopback(address: string): boolean {
  return address.startsWith("127.");
}

/**
 * The addresses peers are told to reach us at. SUBNET: those chosen that exist, else every one that is not
 * loopback; LOCALHOST: loopback and what was chosen, and, for peers that were named, what SUBNET has.
 */
export function usedAddresses(
  own: readonly string[],
  options: {
    readonly range: DiscoveryRange;
    readonly interfaces: readonly string[];
    /** Peers on other machines were named. */
    readonly reachesOthers: boolean;
  },
): readonly string[] {
  const { range, interfaces, reachesOthers } = options;
  const chosen = interfaces.filter((address) => own.includes(address));
  const others = own.filter((address) => !isLoopback(address));
  const outside = interfaces.length > 0 ? chosen : others;
  if (range === "SUBNET") return outside.length > 0 ? outside : [loopback];
  return [...new Set([loopback, ...(reachesOthers ? outside : interfaces)])];
}
