import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { schemaDocument } from "../../bridge/control/schema/json-schema.ts";

/** The published schema as ajv reads it. `group` e.g. `control.fromClient`, or `control.fromClient.stop`. */
export function validatorOf(group: string): ValidateFunction {
  return ajv().compile({ $ref: `urn:kairos-bridge:v1#/$defs/${group}` });
}

let shared: Ajv2020 | undefined;

function ajv(): Ajv2020 {
  if (shared === undefined) {
    shared = new Ajv2020({ strict: true, strictTuples: false, allErrors: true });
    shared.addSchema(schemaDocument());
  }
  return shared;
}
