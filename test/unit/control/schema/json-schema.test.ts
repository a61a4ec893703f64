import { describe, expect, it } from "vitest";
import { parseClientMessage } from "../../../../bridge/control/messages.ts";
import { schemaText } from "../../../../bridge/control/schema/json-schema.ts";
import { endpoints } from "../../../../bridge/control/schema/registry.ts";
import { controlExamples } from "../../../fakes/message-examples.ts";
import { validatorOf } from "../../../fakes/schema-validator.ts";

const file = "../../../../bridge/control/schema/kairos.v1.schema.json";

it("is committed as it is generated (vitest -u writes it anew)", async () => {
  await expect(schemaText()).toMatchFileSnapshot(file);
});

it("has an example of every message a control client may send", () => {
  const names = Object.keys(endpoints[0]?.fromClient ?? {});
  expect(Object.keys(controlExamples).toSorted()).toEqual(names.toSorted());
});

describe("a right message", () => {
  const anything = validatorOf("control.fromClient");

  it.each(Object.entries(controlExamples))("%s passes schema and server", (name, message) => {
    expect(parseClientMessage(JSON.stringify(message))).toEqual({ ok: true, message });
    const own = validatorOf(`control.fromClient.${name}`);
    expect(own(message), JSON.stringify(own.errors)).toBe(true);
    expect(anything(message), JSON.stringify(anything.errors)).toBe(true);
  });
});

describe("a message that was changed in one place", () => {
  const anything = validatorOf("control.fromClient");
  const neighbours = Object.entries(controlExamples).flatMap(([name, message]) => [
    ...Object.keys(message).map((field) => ({
      name: `${name} with ${field} as a list of nothing`,
      message: { ...message, [field]: [] as unknown },
    })),
    ...Object.keys(message).map((field) => ({
      name: `${name} without ${field}`,
      message: Object.fromEntries(Object.entries(message).filter(([key]) => key !== field)),
    })),
    { name: `${name} with a field too many`, message: { ...message, boost: 1 } },
  ]);

  // What a schema cannot say, the server still refuses: those are listed, and no others.
  const beyondSchema = ["command.action without target", "command.action without action"];

  it.each(neighbours)("$name is judged alike by schema and server", ({ name, message }) => {
    const byServer = parseClientMessage(JSON.stringify(message)).ok;
    const bySchema = anything(message);
    if (beyondSchema.includes(name) && bySchema) expect(byServer).toBe(false);
    else expect(bySchema).toBe(byServer);
  });
});
