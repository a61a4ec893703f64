import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { parseManifest } from "../../../models/package/manifest.ts";

const readme = new URL("../../../models/package/README.md", import.meta.url);

test("the README's complete example is a manifest", async () => {
  const block = /```jsonc\n([\s\S]*?)```/.exec(await readFile(readme, "utf8"))![1]!;
  const json = block
    .replaceAll(/^(.*?[,{[\]}]|\s*)\s*\/\/ .*$/gm, "$1")
    .replaceAll(/,(\s*[\]}])/g, "$1")
    .replaceAll("<64 digits>", "0".repeat(64));
  const manifest = JSON.parse(json) as { files: unknown[]; seal?: string };
  // The example lists one file and says that the others follow, and its seal is of another text.
  delete manifest.seal;
  const names = ["step.onnx", "step-plain.onnx", "step.data", "decode.onnx", "golden.json"];
  for (const path of [...names, "golden-cam0.u8", "model-card.md", "LICENSE"])
    manifest.files.push({ path, sha256: "0".repeat(64), bytes: 1 });
  expect(parseManifest(JSON.stringify(manifest), "README.md").id).toBe("seeing-gimbal");
});
