import { BridgeError, ErrorCode, errorText } from "../contract/errors.ts";
import type { Observation } from "../contract/observation.ts";

/** One line of `models run`: an observation, and the setpoints to predict under, if it brings them. */
export interface RunLine {
  readonly observation: Observation;
  /** [step][joint]; undefined: the standing command is held. */
  readonly actionsRad: readonly (readonly number[])[] | undefined;
}

const arrays = ["jointPosRad", "jointVelRadPerS", "jointEffortNm", "commandPosRad"] as const;

/**
 * Reads `{"stampMs": 0, "jointPosRad": [..], "jointVelRadPerS": [..], "jointEffortNm": [..],
 * "commandPosRad": [..], "actionsRad": [[..], ..]}`. Without a stamp a line is one step after the last.
 *
 * @throws BridgeError `model/shape` naming the line and what it lacks.
 */
export function parseRunLine(text: string, where: string, stampMs: number): RunLine {
  const fields = parseObject(text, where);
  const known: readonly string[] = [...arrays, "stampMs", "actionsRad"];
  const unknown = Object.keys(fields).find((key) => !known.includes(key));
  if (unknown !== undefined) refuse(where, `${unknown} is unknown, expected ${known.join(", ")}`);
  const [jointPosRad, jointVelRadPerS, jointEffortNm, commandPosRad] = arrays.map((name) =>
    Float64Array.from(numbersOf(fields[name], `${where}: ${name}`)),
  ) as [Float64Array, Float64Array, Float64Array, Float64Array];
  const stamp = fields["stampMs"] ?? stampMs;
  if (typeof stamp !== "number") refuse(where, "stampMs is no number");
  const observation: Observation = {
    stampMs: stamp,
    jointPosRad,
    jointVelRadPerS,
    jointEffortNm,
    commandPosRad,
  };
  const actions = fields["actionsRad"];
  if (actions === undefined) return { observation, actionsRad: undefined };
  if (!Array.isArray(actions)) return refuse(where, "actionsRad is no list of steps");
  const rows = actions.map((row, k) => numbersOf(row, `${where}: actionsRad step ${k + 1}`));
  return { observation, actionsRad: rows };
}

function parseObject(text: string, where: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return refuse(where, `not JSON: ${errorText(error)}`);
  }
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject ? (value as Record<string, unknown>) : refuse(where, "expected one object");
}

function numbersOf(value: unknown, what: string): number[] {
  const isList = Array.isArray(value) && value.every((each) => typeof each === "number");
  return isList ? value : refuse(what, "expected a list of numbers");
}

function refuse(where: string, text: string): never {
  throw new BridgeError(ErrorCode.ModelShape, `${where}: ${text}`);
}
