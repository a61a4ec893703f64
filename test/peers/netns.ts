import { execFile } from "node:child_process";
import process from "node:process";
import { promisify } from "node:util";
import { errorText } from "../../bridge/contract/errors.ts";

const run = promisify(execFile);
let opened = 0;

/** Where peers meet: programs started through `command` see each other and nothing else. */
export interface PeerNetwork extends AsyncDisposable {
  /**
   * - `namespace`: holds only a loopback interface that carries multicast, so default discovery works
   *   and nothing can leave;
   * - `loopback`: the machine's own 127.0.0.1, where peers must use the LOCALHOST discovery range.
   */
  readonly kind: "namespace" | "loopback";
  /** Why it is only `loopback`; empty for `namespace`. */
  readonly reason: string;
  /** Domain to use: 0 where nobody else is, a rarer one where others may be. */
  readonly domainId: number;
  /** The program and arguments that run `file` inside. */
  command(file: string, args: readonly string[]): readonly [string, readonly string[]];
}

/** A network of its own when this process may make one, else the plain loopback. */
export async function openPeerNetwork(): Promise<PeerNetwork> {
  opened += 1;
  const name = `kairos-${process.pid}-${opened}`;
  try {
    await run("ip", ["netns", "add", name]);
  } catch (error) {
    return loopback(`no network namespace: ${errorText(error).trim()}`);
  }
  const network = namespace(name);
  try {
    const [file, args] = network.command("sh", [
      "-e",
      "-c",
      "ip link set lo up; ip link set lo multicast on; ip route add 239.0.0.0/8 dev lo",
    ]);
    await run(file, args);
    return network;
  } catch (error) {
    await network[Symbol.asyncDispose]();
    return loopback(`the namespace cannot be set up: ${errorText(error).trim()}`);
  }
}

/** Two hosts on one cable: namespaces with a network card each and no way to anywhere else. */
export interface PeerSubnet extends AsyncDisposable {
  readonly near: PeerNetwork;
  readonly far: PeerNetwork;
  /** Packets that have left the near host through its card. */
  sentPackets(): Promise<number>;
}

const subnet = { near: "10.66.0.1", far: "10.66.0.2", card: "card0" } as const;

/** Undefined where this process may not make namespaces, or the kernel has no virtual cards. */
export async function openPeerSubnet(): Promise<PeerSubnet | undefined> {
  opened += 1;
  const [near, far] = [`kairos-${process.pid}-${opened}n`, `kairos-${process.pid}-${opened}f`];
  const close = async (): Promise<void> => {
    for (const name of [near, far]) await run("ip", ["netns", "del", name]).catch(() => undefined);
  };
  try {
    await run("ip", ["netns", "add", near]);
    await run("ip", ["netns", "add", far]);
    const pair = ["type", "veth", "peer", "name", subnet.card, "netns", far];
    await run("ip", ["-n", near, "link", "add", subnet.card, ...pair]);
    await plugIn(near, subnet.near, subnet.far);
    await plugIn(far, subnet.far, subnet.near);
  } catch {
    await close();
    return undefined;
  }
  return {
    near: namespace(near),
    far: namespace(far),
    sentPackets: async () => {
      const { stdout } = await run("ip", ["-n", near, "-s", "-j", "link", "show", subnet.card]);
      const [link] = JSON.parse(stdout) as { stats64: { tx: { packets: number } } }[];
      return link?.stats64.tx.packets ?? Number.NaN;
    },
    [Symbol.asyncDispose]: close,
  };
}

async function plugIn(name: string, address: string, other: string): Promise<void> {
  // Without an IPv6 address the card says nothing of its own accord.
  const commands = [
    "ip link set lo up",
    `ip link set ${subnet.card} addrgenmode none`,
    `ip addr add ${address}/24 dev ${subnet.card}`,
    `ip link set ${subnet.card} up`,
    `ip route add default via ${other}`,
  ];
  await run("ip", ["netns", "exec", name, "sh", "-e", "-c", commands.join("; ")]);
}

function namespace(name: string): PeerNetwork {
  return {
    kind: "namespace",
    reason: "",
    domainId: 0,
    command: (file, args) => ["ip", ["netns", "exec", name, file, ...args]],
    [Symbol.asyncDispose]: async () => {
      await run("ip", ["netns", "del", name]);
    },
  };
}

function loopback(reason: string): PeerNetwork {
  return {
    kind: "loopback",
    reason,
    // Test files run side by side. 100 domains keep the ports below Linux's ephemeral range.
    domainId: 1 + (process.pid % 99),
    command: (file, args) => [file, args],
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
