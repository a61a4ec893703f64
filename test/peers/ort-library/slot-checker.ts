import { lastSlots, type Slot } from "../../../models/engine/ort-ffi/slots.ts";

/** A member of `struct OrtApi`, as a header declares it. */
export interface Member {
  readonly index: number;
  readonly name: string;
  readonly result: string;
  readonly parameters: readonly string[];
}

/** `OrtErrorCode(ORT_API_CALL* GetErrorCode)(…)`, and the macros that spell members. */
const member =
  /ORT_API2_STATUS\((?<status>\w+)(?<statusArgs>[^;]*)\);|ORT_CLASS_RELEASE\((?<release>\w+)\);|ORT_API_T\((?<typed>[^,]+),\s*(?<typedName>\w+)(?<typedArgs>[^;]*)\);|(?<plain>[\w\s*]+?)\(\s*ORT_API_CALL\s*\*\s*(?<plainName>\w+)\s*\)\s*\((?<plainArgs>[^;]*?)\)[^;()]*;/g;

/** The members of `struct OrtApi` in an onnxruntime_c_api.h, in the order of the function table. */
export function readMembers(header: string): Member[] {
  const code = header.replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll(/\/\/.*/g, "");
  const start = code.indexOf("struct OrtApi {");
  const end = code.indexOf("\n};", start);
  const body = code.slice(code.indexOf("{", start) + 1, end);
  return Array.from(body.matchAll(member), ({ groups = {} }, index) => ({
    index,
    ...signatureOf(groups),
  }));
}

function signatureOf(groups: Readonly<Record<string, string | undefined>>): Omit<Member, "index"> {
  const { status, release, typed, typedName, plain, plainName } = groups;
  if (status !== undefined) {
    return { name: status, result: "OrtStatus*", parameters: split(groups["statusArgs"]) };
  }
  if (release !== undefined) {
    return { name: `Release${release}`, result: "void", parameters: [`Ort${release}* input`] };
  }
  if (typed !== undefined) {
    const name = typedName ?? "";
    return { name, result: typed.trim(), parameters: split(groups["typedArgs"]) };
  }
  const result = (plain ?? "").trim();
  return { name: plainName ?? "", result, parameters: split(groups["plainArgs"]) };
}

/** Parameters without their annotations: `_In_reads_(num_keys) const char* const* keys` has one. */
function split(parameters = ""): string[] {
  return parameters
    .replaceAll(/_(?:In|Out|Inout|Outptr|Frees)_?\w*(?:\([^)]*\))?/g, "")
    .split(",")
    .map((each) => each.replaceAll(/\s+/g, " ").trim())
    .filter((each) => each !== "" && each !== "void");
}

const isPointer = (text: string): boolean => /\*|\[\]|^const Ort\w+ \* ?const/.test(text);

/** Which declared type a tag may stand for. */
const tagFits: Record<Slot["args"][number], (parameter: string) => boolean> = {
  address: isPointer,
  memory: isPointer,
  text: (parameter) => /(char|ORTCHAR_T) ?\* ?\w+$/.test(parameter),
  size: (parameter) => parameter.startsWith("size_t "),
  // Enumerations and 32-bit integers.
  int: (parameter) => !isPointer(parameter) && !/^(size_t|u?int64_t|double|float) /.test(parameter),
};
const resultFits: Record<Slot["result"], (result: string) => boolean> = {
  status: (result) => result === "OrtStatus*",
  address: isPointer,
  nothing: (result) => result === "void",
  text: (result) => /char ?\*/.test(result),
  int: (result) => !isPointer(result) && result !== "void",
};

/** What is wrong with a slot table, held against a header; empty when nothing is. */
export function checkSlots(
  slots: Readonly<Record<string, Slot>>,
  members: readonly Member[],
): string[] {
  return Object.entries(slots).flatMap(([name, slot]) => {
    const found = members.find((each) => each.name === name);
    if (found === undefined) return [`${name} is not in the header`];
    if (found.index !== slot.index) return [`${name} is slot ${found.index}, not ${slot.index}`];
    return signatureProblems(name, slot, found);
  });
}

function signatureProblems(name: string, slot: Slot, { result, parameters }: Member): string[] {
  if (slot.args.length !== parameters.length) {
    return [`${name} takes ${parameters.length} arguments, not ${slot.args.length}`];
  }
  const problems = slot.args.flatMap((tag, index) => {
    const parameter = parameters[index] ?? "";
    return tagFits[tag](parameter) ? [] : [`${name}: ${parameter} does not go in as ${tag}`];
  });
  if (!resultFits[slot.result](result))
    problems.push(`${name} gives ${result}, not ${slot.result}`);
  return problems;
}

/** The API version that brought a slot, or the next one after it whose end is known. */
export function versionOfSlot(index: number): number | undefined {
  return lastSlots.find(([, last]) => index <= last)?.[0];
}
