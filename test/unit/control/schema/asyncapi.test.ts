import { Parser } from "@asyncapi/parser";
import { expect, it } from "vitest";
import { asyncApiText } from "../../../../bridge/control/schema/asyncapi.ts";
import { endpoints } from "../../../../bridge/control/schema/registry.ts";

/** Error and warning of the parser's diagnostics. */
const faults: readonly number[] = [0, 1];

const file = "../../../../bridge/control/schema/kairos.v1.asyncapi.json";

it("is committed as it is generated (vitest -u writes it anew)", async () => {
  await expect(asyncApiText()).toMatchFileSnapshot(file);
});

it("is an AsyncAPI 3 document without complaints", async () => {
  const { document, diagnostics } = await new Parser().parse(asyncApiText());
  const complaints = diagnostics.filter(({ severity }) => faults.includes(severity));
  expect(complaints.map(({ message, path }) => `${path.join(".")}: ${message}`)).toEqual([]);
  expect(document?.version()).toBe("3.0.0");
  expect(document?.channels().all()).toHaveLength(endpoints.length);
  for (const { name, fromClient, fromServer } of endpoints) {
    const receives = document?.operations().get(`${name}.fromClient`);
    const sends = document?.operations().get(`${name}.fromServer`);
    expect(receives?.isReceive()).toBe(true);
    expect(sends?.isSend()).toBe(true);
    expect(receives?.messages().all()).toHaveLength(Object.keys(fromClient).length);
    expect(sends?.messages().all()).toHaveLength(Object.keys(fromServer).length);
  }
});

it("is not taken when it is broken", async () => {
  const broken = asyncApiText().replace('"action": "receive"', '"action": "listen"');
  const { diagnostics } = await new Parser().parse(broken);
  expect(diagnostics.some(({ severity }) => faults.includes(severity))).toBe(true);
});
