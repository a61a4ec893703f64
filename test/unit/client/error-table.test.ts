import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const bridge = fileURLToPath(new URL("../../../bridge/", import.meta.url));
const code = /"((?:control|lease|command|device|auth|pair|client)\/[a-z-]+)"/g;

it("every code in the sources stands in the README's table", () => {
  const found = new Set<string>();
  for (const folder of ["control", "core", "client"]) {
    for (const name of readdirSync(`${bridge}${folder}`, { recursive: true, encoding: "utf8" })) {
      if (!name.endsWith(".ts")) continue;
      const text = readFileSync(`${bridge}${folder}/${name}`, "utf8");
      for (const match of text.matchAll(code)) found.add(match[1] ?? "");
    }
  }
  const table = readFileSync(`${bridge}client/README.md`, "utf8");
  expect(found.size).toBeGreaterThan(40);
  expect([...found].filter((name) => !table.includes(`\`${name}\``))).toEqual([]);
});
