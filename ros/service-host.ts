import type { FromServiceHost, ToServiceHost } from "./host-protocol.ts";
import type { Participant } from "./rtps/participant.ts";
import type { ServiceClient } from "./rtps/services/service-client.ts";
import type { Respond, ServiceServer } from "./rtps/services/service-server.ts";

/** Services of the embedded participant, on the host's side of the port. */
export class ServiceHost {
  readonly #participant: Participant;
  readonly #post: (message: FromServiceHost) => void;
  readonly #servers = new Map<number, ServiceServer>();
  readonly #clients = new Map<number, ServiceClient>();
  /** Requests the owner is answering, by `endpointId/requestId`. A server bounds how many there are. */
  readonly #requests = new Map<string, Respond>();
  #requestCount = 0;

  constructor(participant: Participant, post: (message: FromServiceHost) => void) {
    this.#participant = participant;
    this.#post = post;
  }

  handle(message: ToServiceHost): void {
    switch (message.kind) {
      case "serve":
        this.#serve(message);
        return;
      case "respond":
        this.#respond(message);
        return;
      case "open-client":
        this.#openClient(message);
        return;
      case "call":
        this.#call(message);
        return;
      case "close-service":
        this.#close(message.endpointId);
        return;
      case "graph":
        this.#post({ ...message, graph: this.#participant.graph() });
        return;
      default:
        message satisfies never;
    }
  }

  #serve(message: Extract<ToServiceHost, { kind: "serve" }>): void {
    const { endpointId } = message;
    const onRequest = (cdr: Uint8Array, respond: Respond): void => {
      this.#requestCount += 1;
      const requestId = this.#requestCount;
      this.#requests.set(requestKey(endpointId, requestId), respond);
      this.#post({ kind: "request", endpointId, requestId, cdr });
    };
    this.#servers.set(endpointId, this.#participant.createService({ ...message, onRequest }));
  }

  #respond(message: Extract<ToServiceHost, { kind: "respond" }>): void {
    const key = requestKey(message.endpointId, message.requestId);
    this.#requests.get(key)?.(message.cdr);
    this.#requests.delete(key);
  }

  #openClient(message: Extract<ToServiceHost, { kind: "open-client" }>): void {
    const { endpointId } = message;
    const onServers = (serverCount: number): void => {
      this.#post({ kind: "servers", endpointId, serverCount });
    };
    this.#clients.set(endpointId, this.#participant.createClient({ ...message, onServers }));
  }

  #call({ endpointId, callId, timeoutMs, cdr }: Extract<ToServiceHost, { kind: "call" }>): void {
    this.#clients.get(endpointId)?.call(cdr, timeoutMs, (outcome) => {
      this.#post({ kind: "response", endpointId, callId, outcome });
    });
  }

  #close(endpointId: number): void {
    this.#servers.get(endpointId)?.close();
    this.#servers.delete(endpointId);
    this.#clients.get(endpointId)?.close();
    this.#clients.delete(endpointId);
    for (const key of this.#requests.keys()) {
      if (key.startsWith(`${endpointId}/`)) this.#requests.delete(key);
    }
  }
}

function requestKey(endpointId: number, requestId: number): string {
  return `${endpointId}/${requestId}`;
}
