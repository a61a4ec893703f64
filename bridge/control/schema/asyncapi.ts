import { definitionsOf, type JsonObject } from "./json-schema.ts";
import { directions, endpoints, messageId, type Direction, type Endpoint } from "./registry.ts";

const binaryTopics: readonly string[] = ["prediction", "camera", "camera.predicted"];

/** The three endpoints as an AsyncAPI 3.0 document, from the server's point of view. */
export function asyncApiDocument(): JsonObject {
  return {
    asyncapi: "3.0.0",
    id: "urn:kairos-bridge:v1",
    info: {
      title: "kairos-bridge",
      version: "1.0.0",
      description:
        "Commands to a device, what is measured of it and what is predicted of it. Every velocity expires; whoever wants to move a device acquires its lease first; everybody may stop it.",
      license: { name: "Apache-2.0" },
    },
    defaultContentType: "application/json",
    servers: {
      local: {
        host: "127.0.0.1:8700",
        protocol: "ws",
        description: "As it starts by itself. Other machines are let in over TLS, after pairing.",
      },
    },
    channels: Object.fromEntries(endpoints.map((endpoint) => [endpoint.name, channelOf(endpoint)])),
    operations: Object.fromEntries(
      endpoints.flatMap((endpoint) =>
        directions.map((direction) => [
          `${endpoint.name}.${direction}`,
          operationOf(endpoint, direction),
        ]),
      ),
    ),
    components: { messages: messagesOf() },
  };
}

function channelOf(endpoint: Endpoint): JsonObject {
  const ids = directions.flatMap((direction) => idsOf(endpoint, direction));
  return {
    address: endpoint.path,
    description: `${endpoint.about} WebSocket subprotocol ${endpoint.protocol}.`,
    messages: Object.fromEntries(ids.map((id) => [id, { $ref: `#/components/messages/${id}` }])),
    bindings: { ws: { method: "GET", headers: headersOf(endpoint), bindingVersion: "0.1.0" } },
  };
}

/** The subprotocol is how versions of an endpoint are told apart. */
function headersOf({ protocol }: Endpoint): JsonObject {
  return {
    type: "object",
    required: ["Sec-WebSocket-Protocol"],
    properties: { "Sec-WebSocket-Protocol": { type: "string", const: protocol } },
  };
}

function operationOf(endpoint: Endpoint, direction: Direction): JsonObject {
  const channel = `#/channels/${endpoint.name}`;
  return {
    action: direction === "fromClient" ? "receive" : "send",
    channel: { $ref: channel },
    messages: idsOf(endpoint, direction).map((id) => ({ $ref: `${channel}/messages/${id}` })),
  };
}

function messagesOf(): JsonObject {
  const schemas = definitionsOf("draft-7");
  const all = endpoints.flatMap((endpoint) =>
    directions.flatMap((direction) =>
      Object.keys(endpoint[direction]).map((name) => {
        const id = messageId(endpoint, direction, name);
        const payload = schemas[id] ?? {};
        const { description } = payload;
        const isBinary = endpoint.name === "stream" && binaryTopics.includes(name);
        const contentType = isBinary ? "application/msgpack" : "application/json";
        const summary = typeof description === "string" ? { summary: description } : {};
        return [id, { name: id, ...summary, contentType, payload }] as const;
      }),
    ),
  );
  return Object.fromEntries(all);
}

function idsOf(endpoint: Endpoint, direction: Direction): readonly string[] {
  return Object.keys(endpoint[direction]).map((name) => messageId(endpoint, direction, name));
}

let text: string | undefined;

/** The document as it is served at `/v1/asyncapi.json`. */
export function asyncApiText(): string {
  return (text ??= `${JSON.stringify(asyncApiDocument(), null, 2)}\n`);
}
