import { BlockList, isIP, isIPv4 } from "node:net";
import { hostname, networkInterfaces } from "node:os";

export const nameKind = (name: string): "domain" | "address" =>
  isIP(name) === 0 ? "domain" : "address";

/** Names and addresses by which this machine itself can always be reached. */
export const loopbackHostNames = ["localhost", "127.0.0.1", "::1"] as const;

/**
 * Everything this server may be called: its own names, those of the configuration, and, when it
 * listens beyond loopback, the machine's host name (also as mDNS has it) and its present addresses.
 */
export function serverNames(host: string, configured: readonly string[]): readonly string[] {
  const names = new Set<string>([...loopbackHostNames, ...configured.map(plainName)]);
  const own = plainName(host);
  if (loopbackHostNames.some((name) => name === own)) return [...names].sort();
  const machine = hostname().toLowerCase();
  if (/^[a-z0-9.-]+$/.test(machine)) {
    names.add(machine);
    if (!machine.includes(".")) names.add(`${machine}.local`);
  }
  if (own === "0.0.0.0" || own === "::") for (const address of addresses()) names.add(address);
  else names.add(own);
  return [...names].sort();
}

/** As it stands in a certificate: lower case, no brackets, no zone. */
export const plainName = (name: string): string =>
  name
    .toLowerCase()
    .replace(/^\[(.*)\]$/, "$1")
    .replace(/%.*$/, "")
    .replace(/\.$/, "");

function addresses(): readonly string[] {
  return Object.values(networkInterfaces())
    .flatMap((entries) => entries ?? [])
    .map(({ address }) => plainName(address));
}

/** Networks that nobody on the Internet can claim: RFC 1918, 3927, 4193, 4291. */
export const localNetworks = [
  "10.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "169.254.0.0/16",
  "127.0.0.0/8",
  "::1/128",
  "fc00::/7",
  "fe80::/10",
] as const;

export function isInNetworks(address: string, networks: readonly string[]): boolean {
  const list = new BlockList();
  for (const network of networks) {
    const [base = "", prefix = "0"] = network.split("/");
    list.addSubnet(base, Number(prefix), isIPv4(base) ? "ipv4" : "ipv6");
  }
  return list.check(address, isIPv4(address) ? "ipv4" : "ipv6");
}

/** 4 or 16 bytes. */
export function addressBytes(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split(".").map(Number));
  // The URL parser writes an address in its shortest form, which is then filled up.
  const short = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = "", tail] = short.split("::");
  const groups = (text: string): string[] => (text === "" ? [] : text.split(":"));
  const [before, after] = [groups(head), groups(tail ?? "")];
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length;
  const all = [...before, ...Array.from({ length: zeros }, () => "0"), ...after];
  return Buffer.from(all.map((group) => group.padStart(4, "0")).join(""), "hex");
}
