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

function namespace(name: string): PeerNetwork {
  return {
    kind: "namespace",
    reason: "",
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
    command: (file, args) => [file, args],
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
