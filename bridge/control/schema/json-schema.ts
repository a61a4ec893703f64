import * as z from "zod";
import { directions, endpoints, messageId, type Endpoint } from "./registry.ts";

export type JsonObject = Readonly<Record<string, unknown>>;

/** `draft-7` for AsyncAPI, whose own schema object is a superset of that one. */
export type SchemaTarget = "draft-2020-12" | "draft-7";

/** Every message of every endpoint by its id. */
export function definitionsOf(target: SchemaTarget): Readonly<Record<string, JsonObject>> {
  const definitions: Record<string, JsonObject> = {};
  for (const endpoint of endpoints) {
    for (const direction of directions) {
      for (const [name, schema] of Object.entries(endpoint[direction])) {
        // As a sender writes it: what has a default may be left out.
        const definition = z.toJSONSchema(schema, { target, io: "input" });
        delete definition.$schema;
        definitions[messageId(endpoint, direction, name)] = definition;
      }
    }
  }
  return definitions;
}

/**
 * One document (JSON Schema 2020-12): each message under `$defs`, and beside them `<endpoint>.<direction>`
 * for anything that may travel that way.
 */
export function schemaDocument(): JsonObject {
  const definitions = definitionsOf("draft-2020-12");
  const groups = endpoints.flatMap((endpoint) => [
    [`${endpoint.name}.fromClient`, groupOf(endpoint, "fromClient")] as const,
    [`${endpoint.name}.fromServer`, groupOf(endpoint, "fromServer")] as const,
  ]);
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    $id: "urn:kairos-bridge:v1",
    title: "kairos-bridge v1",
    description:
      "Messages of /v1/control, /v1/stream and /v1/device. Times end in Ms, angles in Rad, quaternions are xyzw.",
    $defs: { ...definitions, ...Object.fromEntries(groups) },
  };
}

function groupOf(endpoint: Endpoint, direction: "fromClient" | "fromServer"): JsonObject {
  const whence = direction === "fromClient" ? "a client sends" : "the server sends";
  return {
    description: `Anything ${whence} on ${endpoint.path}.`,
    oneOf: Object.keys(endpoint[direction]).map((name) => ({
      $ref: `#/$defs/${messageId(endpoint, direction, name)}`,
    })),
  };
}

let text: string | undefined;

/** The document as it is served at `/v1/schema.json`. */
export function schemaText(): string {
  return (text ??= `${JSON.stringify(schemaDocument(), null, 2)}\n`);
}
