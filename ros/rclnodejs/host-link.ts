import type { BridgeError } from "../../bridge/contract/errors.ts";
import { maxEndpoints, TakenCounts } from "../taken-counts.ts";
import {
  type FromHostProcess,
  type OpenNote,
  packNote,
  type RclHostReady,
  type ToHostProcess,
  unpackNote,
} from "./host-notes.ts";
import { HostProcess } from "./host-process.ts";

export interface HostLinkOptions {
  readonly entry: URL;
  readonly environment: Readonly<Record<string, string>>;
  readonly opening: OpenNote;
  readonly onMessage: (endpointId: number, cdr: Uint8Array) => void;
  readonly onNote: (note: FromHostProcess) => void;
}

/** Messages of one publisher in the pipe, above which it drops: the host has stalled. */
const maxInFlight = 256;
/** The same in octets of all publishers, for pictures: 30 of 640x480 in colour. */
const maxWaitingBytes = 32 * 1024 * 1024;
/** The host is looked after this often; it says ten times as often that it lives. */
const watchMs = 1000;
/** So many looks without a sign of life: it hangs in native code, and is ended. */
const maxSilentLooks = 5;

/** One host process from start to end, what lies in its pipe, and whether it still answers. */
export class HostLink implements AsyncDisposable {
  readonly exited: Promise<BridgeError | undefined>;
  readonly ready: RclHostReady;
  readonly #host: HostProcess<RclHostReady>;
  readonly #taken: TakenCounts;
  readonly #postedCounts = new Uint32Array(maxEndpoints);
  readonly #watch: NodeJS.Timeout;
  #silentLooks = 0;

  private constructor(host: HostProcess<RclHostReady>, taken: TakenCounts) {
    this.#host = host;
    this.#taken = taken;
    this.ready = host.ready;
    this.exited = host.exited;
    // Our own looks are counted, not the time: a stalled service must not end a sound host.
    this.#watch = setInterval(() => {
      this.#silentLooks += 1;
      if (this.#silentLooks <= maxSilentLooks) return;
      host.kill(`no sign of life for ${(maxSilentLooks * watchMs) / 1000} s`);
    }, watchMs);
    void host.exited.then(() => {
      clearInterval(this.#watch);
    });
  }

  /** @throws BridgeError as `HostProcess.open`. */
  static async open(options: HostLinkOptions): Promise<HostLink> {
    const taken = new TakenCounts();
    const opened: { link?: HostLink } = {};
    const host = await HostProcess.open<RclHostReady>({
      entry: options.entry,
      environment: options.environment,
      opening: options.opening,
      handler: {
        data: options.onMessage,
        taken: (endpointId, count) => {
          taken.take(endpointId, count);
        },
        note: (note, cdr) => {
          opened.link?.alive();
          options.onNote(unpackNote(note, cdr) as FromHostProcess);
        },
      },
    });
    opened.link = new HostLink(host, taken);
    return opened.link;
  }

  get pid(): number {
    return this.#host.pid;
  }

  /** False where the host has no room for it. // hot path */
  publish(endpointId: number, cdr: Uint8Array): boolean {
    const postedCount = this.#postedCounts[endpointId] ?? 0;
    if (this.#taken.inFlight(endpointId, postedCount) >= maxInFlight) return false;
    if (this.#host.pipe.waitingBytes > maxWaitingBytes) return false;
    this.#postedCounts[endpointId] = postedCount + 1;
    this.#host.pipe.data(endpointId, cdr);
    return true;
  }

  post(note: ToHostProcess): void {
    this.#host.pipe.note(...packNote(note));
  }

  alive(): void {
    this.#silentLooks = 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#watch);
    await this.#host[Symbol.asyncDispose]();
  }
}
