import { createHash } from "node:crypto";
import { z } from "zod";
import { BridgeError, ErrorCode } from "../../bridge/contract/errors.ts";
import { commonRules } from "./common-rules.ts";
import { DiffusionWam, type WamManifest } from "./families/diffusion-wam.ts";
import { jepaRules } from "./families/jepa-rules.ts";
import { JepaWindow, type JepaManifest } from "./families/jepa-window.ts";
import { RecurrentLatent, type RecurrentManifest } from "./families/recurrent-latent.ts";
import { recurrentRules } from "./families/recurrent-rules.ts";
import { wamRules } from "./families/wam-rules.ts";
import { parseJsonText, refuseIssues, type Issue } from "./problems.ts";
import type { Rule } from "./rules.ts";

/** A package's manifest after every check that needs no file but itself. */
export type Manifest = RecurrentManifest | JepaManifest | WamManifest;

interface Family {
  readonly schema: z.ZodObject & z.ZodType<Manifest>;
  readonly rules: readonly Rule[];
}
const families: Readonly<Record<Manifest["family"], Family>> = {
  "recurrent-latent": { schema: RecurrentLatent, rules: recurrentRules },
  "jepa-window": { schema: JepaWindow, rules: jepaRules },
  "diffusion-wam": { schema: DiffusionWam, rules: wamRules },
};
const FamilyName = z.enum(["recurrent-latent", "jepa-window", "diffusion-wam"]);

/**
 * Parses and cross-checks a manifest.
 *
 * @throws BridgeError `model/manifest` naming every problem of form and agreement with its path.
 */
export function parseManifest(text: string, source: string): Manifest {
  const json = parseJsonText(text, source);
  const { schema, rules } = families[familyOf(json, source)];
  const result = schema.safeParse(json);
  const issues: Issue[] = result.success ? [] : result.error.issues;
  const problems = [...issues, ...ruleIssues(schema, [...commonRules, ...rules], json)];
  if (!result.success || problems.length > 0) return refuseIssues(problems, source);
  checkSeal(text, result.data.seal, source);
  return result.data;
}

function familyOf(json: unknown, source: string): Manifest["family"] {
  const family = FamilyName.safeParse(
    typeof json === "object" && json !== null && "family" in json ? json.family : undefined,
  );
  if (family.success) return family.data;
  const issues = family.error.issues.map((issue) => ({ ...issue, path: ["family"] }));
  const others = RecurrentLatent.omit({ family: true }).partial().loose().safeParse(json);
  const rest = others.success || typeof json !== "object" ? [] : others.error.issues;
  return refuseIssues([...issues, ...rest], source);
}

/** What the rules say of those sections whose form is right. */
function ruleIssues(schema: z.ZodObject, rules: readonly Rule[], json: unknown): Issue[] {
  if (typeof json !== "object" || json === null) return [];
  const sections = new Map<string, unknown>();
  const shape: Readonly<Record<string, z.ZodType>> = schema.shape;
  for (const [key, section] of Object.entries(shape)) {
    const parsed = section.safeParse(Reflect.get(json, key));
    if (parsed.success) sections.set(key, parsed.data);
  }
  const given = Object.fromEntries(sections) as never;
  return rules
    .filter((rule) => rule.needs.every((key) => sections.has(key)))
    .flatMap((rule) => [...rule.check(given)])
    .map(({ path, message }) => ({ path: [...path], message }));
}

/** What a manifest's seal has to be, from its text and the 64 digits that now stand for it. */
export function sealOf(text: string, seal: string): string {
  const unsealed = text.replace(`"${seal}"`, `"${"0".repeat(64)}"`);
  return createHash("sha256").update(unsealed).digest("hex");
}

function checkSeal(text: string, seal: string | undefined, source: string): void {
  if (seal === undefined) return;
  const found = sealOf(text, seal);
  if (found === seal) return;
  const problem = `${source} was changed after it was sealed: its text gives ${found}, the seal is ${seal}`;
  throw new BridgeError(ErrorCode.ModelHash, problem);
}
