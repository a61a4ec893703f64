import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { kairosDefinitions } from "../../../../ros/messages/kairos-definitions.ts";

it.each(Object.entries(kairosDefinitions))("%s has the fields of its .msg file", (name, fields) => {
  const [packageName, message] = name.split("/");
  const path = `../../../../ros/${packageName ?? ""}/msg/${message ?? ""}.msg`;
  const text = readFileSync(new URL(path, import.meta.url), "utf8");
  const lines = text
    .split("\n")
    .map((line) => line.replace(/#.*/, "").trim().replace(/\s+/g, " "))
    .filter((line) => line !== "");
  expect(fields).toEqual(lines);
});
