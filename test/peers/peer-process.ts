import { spawn, type ChildProcess } from "node:child_process";
import process from "node:process";
import { createInterface } from "node:readline";
import type { PeerNetwork } from "./netns.ts";

/** One line a peer printed. */
export type PeerEvent = Readonly<Record<string, unknown>> & { readonly event: string };

/**
 * Cyclone DDS settings for discovery without multicast, as rmw_cyclonedds makes them for
 * ROS_AUTOMATIC_DISCOVERY_RANGE=LOCALHOST.
 */
export const cycloneLocalhostUri =
  "<CycloneDDS><Domain><General><AllowMulticast>false</AllowMulticast>" +
  '<Interfaces><NetworkInterface name="lo"/></Interfaces></General>' +
  "<Discovery><ParticipantIndex>auto</ParticipantIndex>" +
  "<MaxAutoParticipantIndex>32</MaxAutoParticipantIndex>" +
  '<Peers><Peer address="127.0.0.1"/></Peers></Discovery></Domain></CycloneDDS>';

export interface PeerProcessOptions {
  readonly network: PeerNetwork;
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** A running peer and what it has said so far. Disposal asks it to stop and waits until it is gone. */
export class PeerProcess implements AsyncDisposable {
  readonly events: PeerEvent[] = [];
  readonly exited: Promise<number | null>;
  readonly #child: ChildProcess;
  readonly #waiting = new Set<() => void>();
  #stderr = "";

  constructor(options: PeerProcessOptions) {
    const [file, args] = options.network.command(options.program, options.args);
    this.#child = spawn(file, args, {
      env: { ...process.env, ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.exited = new Promise((resolve) => {
      this.#child.once("close", (code) => {
        resolve(code);
        this.#wake();
      });
      this.#child.once("error", (error) => {
        this.#stderr += error.message;
        resolve(null);
        this.#wake();
      });
    });
    this.#child.stderr?.on("data", (chunk: Buffer) => {
      this.#stderr += chunk.toString();
    });
    if (this.#child.stdout === null) return;
    createInterface(this.#child.stdout).on("line", (line) => {
      if (line.startsWith("{")) this.events.push(JSON.parse(line) as PeerEvent);
      this.#wake();
    });
  }

  /** All events of one kind so far. */
  all(event: string): PeerEvent[] {
    return this.events.filter((each) => each.event === event);
  }

  /** Waits until there are `count` events of a kind (or one for which `wanted` holds); fails with what was said. */
  async until(
    event: string,
    wanted: number | ((event: PeerEvent) => boolean) = 1,
    timeoutMs = 15_000,
  ): Promise<PeerEvent[]> {
    const enough = (): boolean =>
      typeof wanted === "number"
        ? this.all(event).length >= wanted
        : this.all(event).some((each) => wanted(each));
    const wait = { over: false };
    const end = (): void => {
      wait.over = true;
      this.#wake();
    };
    void this.exited.then(end);
    const timer = setTimeout(end, timeoutMs);
    while (!enough() && !wait.over) {
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
    clearTimeout(timer);
    if (enough()) return this.all(event);
    throw new Error(
      `peer said ${JSON.stringify(this.events)} ${this.#stderr}, expected "${event}" within ${timeoutMs} ms`,
    );
  }

  /** Ends it without a chance to say goodbye. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGTERM");
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), 5000);
    await this.exited;
    clearTimeout(timer);
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}
