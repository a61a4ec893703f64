import { isLoopback, parseEndpoint } from "./endpoint.ts";
import {
  decodeDiscovery,
  DiscoveryType,
  encodeDiscovery,
  Scope,
  type Advertisement,
  type DiscoveryMessage,
} from "./discovery-message.ts";

/** As Gazebo's own processes keep them. */
const heartbeatPeriodMs = 1000;
const silenceLimitMs = 3000;
/** More than any robot has; what comes above is not believed. */
const maxProcesses = 256;
const maxAdvertisements = 4096;

export interface DiscoveryOptions {
  readonly processUuid: string;
  /** Ours: a loopback process believes in loopback addresses only. */
  readonly address: string;
  readonly send: (datagram: Uint8Array) => void;
  readonly onAdvertised: (advertisement: Advertisement) => void;
  readonly onGone: (advertisement: Advertisement) => void;
  /** A remote subscriber connected to, or left, a topic of ours. */
  readonly onConnection?: (advertisement: Advertisement, isNew: boolean) => void;
}

interface RemoteProcess {
  lastHeardMs: number;
  readonly advertisements: Map<string, Advertisement>;
}

/**
 * Who offers what, kept by heartbeats and leases. Time comes in with every call. Anything that is not a
 * sound message of a plausible peer is counted and dropped.
 */
export class Discovery {
  droppedCount = 0;
  readonly #options: DiscoveryOptions;
  readonly #own = new Map<string, Advertisement>();
  readonly #remote = new Map<string, RemoteProcess>();
  #remoteCount = 0;
  #nextHeartbeatMs = 0;

  constructor(options: DiscoveryOptions) {
    this.#options = options;
  }

  /** Everything remote processes offer now. */
  *advertisements(): Iterable<Advertisement> {
    for (const process of this.#remote.values()) yield* process.advertisements.values();
  }

  advertise(advertisement: Advertisement): void {
    this.#own.set(keyOf(advertisement), advertisement);
    this.#send({ type: DiscoveryType.Advertise, advertisement });
  }

  unadvertise(advertisement: Advertisement): void {
    if (!this.#own.delete(keyOf(advertisement))) return;
    this.#send({ type: DiscoveryType.Unadvertise, advertisement });
  }

  /** Asks everybody who offers `topic` to say so. */
  ask(topic: string): void {
    this.#send({ type: DiscoveryType.Subscribe, topic });
  }

  /** Tells a publisher that it has a subscriber here; it sends nothing before. */
  register(publisher: Advertisement, nodeUuid: string): void {
    this.#send({
      type: DiscoveryType.NewConnection,
      advertisement: this.#subscriberOf(publisher, nodeUuid),
    });
  }

  unregister(publisher: Advertisement, nodeUuid: string): void {
    this.#send({
      type: DiscoveryType.EndConnection,
      advertisement: this.#subscriberOf(publisher, nodeUuid),
    });
  }

  /** Sends heartbeats that are due and forgets who has gone silent. Call a few times a second. */
  tick(nowMs: number): void {
    for (const [uuid, process] of this.#remote) {
      if (nowMs - process.lastHeardMs > silenceLimitMs) this.#forgetProcess(uuid);
    }
    if (nowMs < this.#nextHeartbeatMs) return;
    this.#nextHeartbeatMs = nowMs + heartbeatPeriodMs;
    this.#send({ type: DiscoveryType.Heartbeat });
    // Gazebo's listings see only what is advertised again and again.
    for (const advertisement of this.#own.values()) {
      this.#send({ type: DiscoveryType.Advertise, advertisement });
    }
  }

  receive(datagram: Uint8Array, from: string, nowMs: number): void {
    const message = decodeDiscovery(datagram);
    if (message === undefined) {
      this.droppedCount += 1;
      return;
    }
    if (message.processUuid === this.#options.processUuid) return;
    const process = this.#processOf(message, nowMs);
    if (process !== undefined) this.#dispatch(message, process, from);
  }

  /** Says goodbye. */
  close(): void {
    this.#send({ type: DiscoveryType.Bye });
  }

  /** A subscriber looks like a publisher whose `ctrl` names the process it is meant for. */
  #subscriberOf(publisher: Advertisement, nodeUuid: string): Advertisement {
    return {
      topic: publisher.topic,
      address: "",
      processUuid: this.#options.processUuid,
      nodeUuid,
      scope: Scope.All,
      message: { ctrl: publisher.processUuid, type: publisher.message?.type ?? "" },
    };
  }

  #processOf({ type, processUuid }: DiscoveryMessage, nowMs: number): RemoteProcess | undefined {
    let process = this.#remote.get(processUuid);
    if (process === undefined) {
      if (type === DiscoveryType.Bye) return undefined;
      if (this.#remote.size >= maxProcesses || processUuid.length > 64) {
        this.droppedCount += 1;
        return undefined;
      }
      process = { lastHeardMs: nowMs, advertisements: new Map() };
      this.#remote.set(processUuid, process);
    }
    process.lastHeardMs = nowMs;
    return process;
  }

  #dispatch(message: DiscoveryMessage, process: RemoteProcess, from: string): void {
    const { advertisement } = message;
    switch (message.type) {
      case DiscoveryType.Advertise:
        if (advertisement !== undefined) this.#add(advertisement, process, from);
        return;
      case DiscoveryType.Unadvertise:
        if (advertisement !== undefined) this.#remove(process, keyOf(advertisement));
        return;
      case DiscoveryType.Subscribe:
        this.#answer(message.topic ?? "");
        return;
      case DiscoveryType.Bye:
        this.#forgetProcess(message.processUuid);
        return;
      case DiscoveryType.NewConnection:
      case DiscoveryType.EndConnection:
        if (advertisement?.message?.ctrl !== this.#options.processUuid) return;
        this.#options.onConnection?.(advertisement, message.type === DiscoveryType.NewConnection);
        return;
      default:
      // Heartbeats were counted above; listings of subscribers do not concern us.
    }
  }

  #answer(topic: string): void {
    for (const advertisement of this.#own.values()) {
      if (advertisement.topic !== topic) continue;
      this.#send({ type: DiscoveryType.Advertise, advertisement });
    }
  }

  #add(advertisement: Advertisement, process: RemoteProcess, from: string): void {
    if (!this.#isPlausible(advertisement, from)) {
      this.droppedCount += 1;
      return;
    }
    const key = keyOf(advertisement);
    const known = process.advertisements.get(key);
    if (known === undefined) {
      if (this.#remoteCount >= maxAdvertisements) {
        this.droppedCount += 1;
        return;
      }
      this.#remoteCount += 1;
    } else if (known.address !== advertisement.address) {
      this.#options.onGone(known);
    }
    process.advertisements.set(key, advertisement);
    // Repeated advertisements are told too: a subscriber that still hears nothing registers again.
    this.#options.onAdvertised(advertisement);
  }

  #isPlausible(advertisement: Advertisement, from: string): boolean {
    const { scope, address } = advertisement;
    const endpoint = parseEndpoint(address);
    if (endpoint === undefined || scope === Scope.Process) return false;
    const isLocal = isLoopback(from) || from === this.#options.address;
    if (scope === Scope.Host && !isLocal) return false;
    return !isLoopback(this.#options.address) || isLoopback(endpoint.address);
  }

  #remove(process: RemoteProcess, key: string): void {
    const advertisement = process.advertisements.get(key);
    if (advertisement === undefined) return;
    process.advertisements.delete(key);
    this.#remoteCount -= 1;
    this.#options.onGone(advertisement);
  }

  #forgetProcess(uuid: string): void {
    const process = this.#remote.get(uuid);
    if (process === undefined) return;
    for (const key of [...process.advertisements.keys()]) this.#remove(process, key);
    this.#remote.delete(uuid);
  }

  #send(message: Omit<DiscoveryMessage, "processUuid">): void {
    this.#options.send(encodeDiscovery({ ...message, processUuid: this.#options.processUuid }));
  }
}

function keyOf({ topic, nodeUuid }: Advertisement): string {
  return `${nodeUuid} ${topic}`;
}
