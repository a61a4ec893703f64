import { BridgeError, ErrorCode, errorText } from "../../bridge/contract/errors.ts";
import { type RosService, servicesQos } from "../../bridge/contract/ros-services.ts";
import { checkCdr } from "../cdr-guard.ts";
import type { FromServiceHost, ToServiceHost } from "../host-protocol.ts";
import { knownService, serviceCodec } from "../messages/service-codec.ts";
import type { Rclnodejs, RclClient, RclNode, RclResponse, RclService } from "./api.ts";
import { rclGraph } from "./rcl-graph.ts";
import { rclQos } from "./rcl-qos.ts";

export interface RclServicesOutput {
  readonly post: (message: FromServiceHost) => void;
  /** This endpoint cannot be had, or a message of it not be carried. */
  readonly refuse: (endpointId: number, error: unknown) => void;
}

/** Requests the owner is answering and calls nobody has answered; more are refused. */
const maxPending = 256;

interface Call {
  readonly callId: number;
  readonly request: object;
  readonly endMs: number;
}

interface Client {
  readonly client: RclClient;
  readonly codec: PlainCodec;
  /** Waiting for a server. */
  readonly unsent: Set<Call>;
  pendingCount: number;
  serverCount: number;
}

/**
 * Services of the rclnodejs node. The package has no raw way for them, so here alone octets become plain
 * objects and back, with the bridge's own codec: it refuses what is cut short, where the middleware
 * would pass on an empty message.
 */
export class RclServices {
  readonly #rcl: Rclnodejs;
  readonly #node: RclNode;
  readonly #output: RclServicesOutput;
  readonly #servers = new Map<number, { service: RclService; codec: PlainCodec }>();
  readonly #clients = new Map<number, Client>();
  readonly #responses = new Map<number, { endpointId: number; response: RclResponse }>();
  #requestCount = 0;

  constructor(rcl: Rclnodejs, node: RclNode, output: RclServicesOutput) {
    this.#rcl = rcl;
    this.#node = node;
    this.#output = output;
  }

  handle(message: ToServiceHost): void {
    try {
      this.#do(message);
    } catch (error) {
      this.#output.refuse("endpointId" in message ? message.endpointId : -1, error);
    }
  }

  /** rcl tells of no change, so the servers of every client are looked for now and then. */
  look(): void {
    for (const [endpointId, client] of this.#clients) {
      const serverCount = client.client.isServiceServerAvailable() ? 1 : 0;
      if (serverCount !== client.serverCount) {
        client.serverCount = serverCount;
        this.#output.post({ kind: "servers", endpointId, serverCount });
      }
      this.#sendWaiting(endpointId, client);
    }
  }

  #do(message: ToServiceHost): void {
    switch (message.kind) {
      case "serve":
        this.#serve(message.endpointId, message.service);
        return;
      case "respond":
        this.#respond(message);
        return;
      case "open-client":
        this.#openClient(message.endpointId, message.service);
        return;
      case "call":
        this.#call(message);
        return;
      case "close-service":
        this.#close(message.endpointId);
        return;
      case "graph": {
        const { requestId } = message;
        this.#output.post({ kind: "graph", requestId, graph: rclGraph(this.#node) });
        return;
      }
      default:
        message satisfies never;
    }
  }

  #serve(endpointId: number, { name, type, qos }: RosService): void {
    const codec = plainCodec(type, name);
    const options = { qos: rclQos(this.#rcl, qos ?? servicesQos) };
    const onRequest = (request: object, response: RclResponse): void => {
      if (this.#responses.size >= maxPending) {
        this.#output.refuse(endpointId, new Error(`${maxPending} requests wait for a response`));
        return;
      }
      this.#requestCount += 1;
      const requestId = this.#requestCount;
      this.#responses.set(requestId, { endpointId, response });
      this.#output.post({
        kind: "request",
        endpointId,
        requestId,
        cdr: codec.writeRequest(request),
      });
    };
    const service = this.#node.createService(type, name, options, onRequest);
    this.#servers.set(endpointId, { service, codec });
  }

  #respond({ endpointId, requestId, cdr }: Extract<ToServiceHost, { kind: "respond" }>): void {
    const codec = this.#servers.get(endpointId)?.codec;
    const waiting = this.#responses.get(requestId);
    this.#responses.delete(requestId);
    if (cdr !== undefined && codec !== undefined) waiting?.response.send(codec.readResponse(cdr));
  }

  #openClient(endpointId: number, { name, type, qos }: RosService): void {
    const codec = plainCodec(type, name);
    const options = { qos: rclQos(this.#rcl, qos ?? servicesQos) };
    const client = this.#node.createClient(type, name, options);
    const counts = { pendingCount: 0, serverCount: 0 };
    this.#clients.set(endpointId, { client, codec, unsent: new Set(), ...counts });
  }

  #call(message: Extract<ToServiceHost, { kind: "call" }>): void {
    const { endpointId, callId, timeoutMs, cdr } = message;
    const client = this.#clients.get(endpointId);
    if (client === undefined || client.pendingCount >= maxPending) {
      const outcome = { failure: client === undefined ? "closed" : "too-many" } as const;
      this.#output.post({ kind: "response", endpointId, callId, outcome });
      return;
    }
    const request = client.codec.readRequest(cdr);
    client.pendingCount += 1;
    client.unsent.add({ callId, request, endMs: performance.now() + timeoutMs });
    this.#sendWaiting(endpointId, client);
  }

  #sendWaiting(endpointId: number, client: Client): void {
    if (client.unsent.size === 0) return;
    const isThere = client.client.isServiceServerAvailable();
    for (const call of client.unsent) {
      const leftMs = Math.ceil(call.endMs - performance.now());
      if (leftMs > 0 && !isThere) continue;
      client.unsent.delete(call);
      void this.#outcome(client, call, leftMs).then((outcome) => {
        client.pendingCount -= 1;
        this.#output.post({ kind: "response", endpointId, callId: call.callId, outcome });
      });
    }
  }

  async #outcome(
    { client, codec }: Client,
    { request }: Call,
    leftMs: number,
  ): Promise<Extract<FromServiceHost, { kind: "response" }>["outcome"]> {
    if (leftMs <= 0) return { failure: "timeout" };
    try {
      return {
        cdr: codec.writeResponse(await client.sendRequestAsync(request, { timeout: leftMs })),
      };
    } catch (error) {
      return { failure: (error as Error).name === "TimeoutError" ? "timeout" : "closed" };
    }
  }

  #close(endpointId: number): void {
    const server = this.#servers.get(endpointId);
    if (server !== undefined) this.#node.destroyService(server.service);
    this.#servers.delete(endpointId);
    const client = this.#clients.get(endpointId);
    if (client !== undefined) this.#node.destroyClient(client.client);
    this.#clients.delete(endpointId);
    for (const [requestId, waiting] of this.#responses) {
      if (waiting.endpointId === endpointId) this.#responses.delete(requestId);
    }
  }
}

interface PlainCodec {
  readonly writeRequest: (request: object) => Uint8Array;
  readonly readRequest: (cdr: Uint8Array) => object;
  readonly writeResponse: (response: object) => Uint8Array;
  readonly readResponse: (cdr: Uint8Array) => object;
}

/** @throws BridgeError `ros/type` for a service whose messages the bridge has no definition of. */
function plainCodec(type: string, name: string): PlainCodec {
  const known = knownService(type);
  if (known === undefined) {
    const text = `${name} has type ${type}, of which the bridge has no definition`;
    throw new BridgeError(ErrorCode.RosType, text, { details: { type } });
  }
  // One codec for every type: what a service is made of is known to who serves and calls it.
  const codec = serviceCodec(known) as unknown as PlainCodec;
  return {
    ...codec,
    readRequest: (cdr) => checkedRead(codec.readRequest, cdr, name),
    readResponse: (cdr) => checkedRead(codec.readResponse, cdr, name),
  };
}

function checkedRead(read: (cdr: Uint8Array) => object, cdr: Uint8Array, name: string): object {
  checkCdr(cdr, name);
  try {
    return read(cdr);
  } catch (error) {
    const text = `${cdr.byteLength} bytes are no message of ${name}: ${errorText(error)}`;
    throw new BridgeError(ErrorCode.RosType, text, { cause: error });
  }
}
