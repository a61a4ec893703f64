import { BridgeError, ErrorCode, errorText } from "../bridge/contract/errors.ts";
import type { Log } from "../bridge/contract/log.ts";
import type {
  RosGraph,
  RosRequestHandler,
  RosService,
  RosServiceClient,
  RosServiceServer,
} from "../bridge/contract/ros-services.ts";
import type { FromServiceHost, ToServiceHost } from "./host-protocol.ts";
import type { CallOutcome } from "./rtps/services/service-client.ts";

interface Client {
  readonly service: RosService;
  readonly calls: Map<number, (outcome: CallOutcome) => void>;
  readonly waiting: Set<(isThere: boolean) => void>;
  serverCount: number;
}

export interface ServiceOwnerOptions {
  readonly post: (message: ToServiceHost, transfer: readonly ArrayBuffer[]) => void;
  readonly log: Log;
}

/**
 * Services on the owner's side of a ROS host: handlers, pending calls and who waits for a server. The same
 * for every host that speaks the protocol; it does not check names.
 */
export class ServiceOwner {
  readonly #options: ServiceOwnerOptions;
  readonly #handlers = new Map<number, { service: RosService; handler: RosRequestHandler }>();
  readonly #clients = new Map<number, Client>();
  readonly #graphs = new Map<number, (graph: RosGraph | BridgeError) => void>();
  #count = 0;
  #ended: BridgeError | undefined;
  #interruption: BridgeError | undefined;

  constructor(options: ServiceOwnerOptions) {
    this.#options = options;
  }

  serve(endpointId: number, service: RosService, handler: RosRequestHandler): RosServiceServer {
    this.#handlers.set(endpointId, { service, handler });
    this.#post({ kind: "serve", endpointId, service });
    return {
      service,
      close: () => {
        if (this.#handlers.delete(endpointId)) this.#post({ kind: "close-service", endpointId });
      },
    };
  }

  client(endpointId: number, service: RosService): RosServiceClient {
    const client: Client = { service, calls: new Map(), waiting: new Set(), serverCount: 0 };
    this.#clients.set(endpointId, client);
    this.#post({ kind: "open-client", endpointId, service });
    return {
      service,
      get serverCount() {
        return client.serverCount;
      },
      waitForServer: ({ timeoutMs }) => this.#waitForServer(client, timeoutMs),
      call: (requestCdr, { timeoutMs }) => this.#call(endpointId, requestCdr, timeoutMs),
      close: () => {
        if (!this.#clients.delete(endpointId)) return;
        this.#post({ kind: "close-service", endpointId });
        release(client, { failure: "closed" });
      },
    };
  }

  async graph(): Promise<RosGraph> {
    if (this.#ended !== undefined) throw this.#ended;
    this.#count += 1;
    const requestId = this.#count;
    const answer = await new Promise<RosGraph | BridgeError>((resolve) => {
      this.#graphs.set(requestId, resolve);
      this.#post({ kind: "graph", requestId });
    });
    if (answer instanceof BridgeError) throw answer;
    return answer;
  }

  handle(message: FromServiceHost): void {
    switch (message.kind) {
      case "request":
        void this.#answer(message);
        return;
      case "response":
        this.#clients.get(message.endpointId)?.calls.get(message.callId)?.(message.outcome);
        return;
      case "servers":
        this.#onServers(message);
        return;
      case "graph":
        this.#graphs.get(message.requestId)?.(message.graph);
        this.#graphs.delete(message.requestId);
        return;
      default:
        message satisfies never;
    }
  }

  /** The host is gone and another will follow: pending calls fail, servers and clients wait for it. */
  interrupt(error: BridgeError): void {
    this.#interruption = error;
    for (const client of this.#clients.values()) {
      for (const resolve of client.calls.values()) resolve({ failure: "closed" });
      client.serverCount = 0;
    }
    for (const resolve of this.#graphs.values()) resolve(error);
    this.#graphs.clear();
  }

  /** Tells a new host of every server and client. */
  reopen(): void {
    for (const [endpointId, { service }] of this.#handlers) {
      this.#post({ kind: "serve", endpointId, service });
    }
    for (const [endpointId, { service }] of this.#clients) {
      this.#post({ kind: "open-client", endpointId, service });
    }
  }

  /** The host is gone, and with it every server, client and pending call. */
  end(error: BridgeError): void {
    this.#ended ??= error;
    this.#handlers.clear();
    for (const client of this.#clients.values()) release(client, { failure: "closed" });
    this.#clients.clear();
    for (const resolve of this.#graphs.values()) resolve(error);
    this.#graphs.clear();
  }

  async #answer(message: Extract<FromServiceHost, { kind: "request" }>): Promise<void> {
    const { endpointId, requestId } = message;
    const entry = this.#handlers.get(endpointId);
    if (entry === undefined) return;
    try {
      // A copy in a buffer of its own: the handler may keep what it returned.
      const cdr = new Uint8Array(await entry.handler(message.cdr));
      this.#post({ kind: "respond", endpointId, requestId, cdr }, [cdr.buffer]);
    } catch (error) {
      const fields = { service: entry.service.name, error: errorText(error) };
      this.#options.log.error(fields, "service handler threw, the client gets no response");
      this.#post({ kind: "respond", endpointId, requestId });
    }
  }

  async #call(endpointId: number, requestCdr: Uint8Array, timeoutMs: number): Promise<Uint8Array> {
    const client = this.#clients.get(endpointId);
    if (client === undefined || this.#ended !== undefined) throw this.#ended ?? closedClient();
    this.#count += 1;
    const callId = this.#count;
    const outcome = await new Promise<CallOutcome>((resolve) => {
      client.calls.set(callId, resolve);
      const cdr = new Uint8Array(requestCdr);
      this.#post({ kind: "call", endpointId, callId, timeoutMs, cdr }, [cdr.buffer]);
    });
    client.calls.delete(callId);
    if ("cdr" in outcome) return outcome.cdr;
    throw failure(client, outcome.failure, timeoutMs, this.#whyEnded());
  }

  /** Asked again after waiting: the host may have ended, or been interrupted, meanwhile. */
  #whyEnded(): BridgeError | undefined {
    return this.#ended ?? this.#interruption;
  }

  #waitForServer(client: Client, timeoutMs: number): Promise<boolean> {
    if (client.serverCount > 0) return Promise.resolve(true);
    return new Promise((resolve) => {
      const settle = (isThere: boolean): void => {
        clearTimeout(timer);
        client.waiting.delete(settle);
        resolve(isThere);
      };
      const timer = setTimeout(() => {
        settle(false);
      }, timeoutMs);
      client.waiting.add(settle);
    });
  }

  #onServers({ endpointId, serverCount }: Extract<FromServiceHost, { kind: "servers" }>): void {
    const client = this.#clients.get(endpointId);
    if (client === undefined) return;
    client.serverCount = serverCount;
    if (serverCount > 0) for (const settle of [...client.waiting]) settle(true);
  }

  #post(message: ToServiceHost, transfer: readonly ArrayBuffer[] = []): void {
    if (this.#ended === undefined) this.#options.post(message, transfer);
  }
}

function release(client: Client, outcome: CallOutcome): void {
  client.serverCount = 0;
  for (const settle of [...client.waiting]) settle(false);
  for (const resolve of client.calls.values()) resolve(outcome);
}

function failure(
  { service: { name }, serverCount }: Client,
  reason: "timeout" | "closed" | "too-many",
  timeoutMs: number,
  ended: BridgeError | undefined,
): BridgeError {
  if (reason === "closed") return ended ?? closedClient();
  if (reason === "too-many") {
    return new BridgeError(ErrorCode.RosTransport, `too many calls of ${name} are pending`);
  }
  const seen = serverCount === 0 ? "no server was found" : "the server did not answer";
  return new BridgeError(
    ErrorCode.RosServiceTimeout,
    `no response from ${name} within ${timeoutMs} ms, ${seen}`,
    { details: { service: name, timeoutMs, serverCount } },
  );
}

function closedClient(): BridgeError {
  return new BridgeError(ErrorCode.RosTransport, "the service client is closed");
}
