import { BridgeError, ErrorCode } from "../../contract/errors.ts";
import {
  faultCatalogue,
  faultPlaces,
  type Fault,
  type FaultKind,
  type FaultPlace,
} from "./fault.ts";

/*
 * place[:axis].kind [= value [~ spread]] [@ start] [+ duration]
 *
 *   camera.freeze@3s+2s            joints.delay=80ms~20ms@1s+5s
 *   driver.timeout@4s              joints:yaw.nan@2s+100ms
 *   control.loss=20%               clock.step=-1500ms@2s
 */
const grammar =
  /^(?<place>[a-z]+)(?::(?<axis>[a-z][a-z0-9_]*))?\.(?<kind>[a-z]+)(?:=(?<value>[^~@]+?)(?:~(?<spread>[^@]+?))?)?(?:@(?<start>[^+]+?))?(?:\+(?<duration>[^+]+))?$/;
const shape = "expected place[:axis].kind[=value[~spread]][@start][+duration]";

const factors: Readonly<Record<FaultKind["unit"], Readonly<Record<string, number>>>> = {
  ms: { ms: 1, s: 1000 },
  ratio: { "%": 0.01, "": 1 },
  rad: { rad: 1, deg: Math.PI / 180 },
  radPerS: { "rad/s": 1, "deg/s": Math.PI / 180 },
  none: {},
};
const numberAndUnit = /^([+-]?[0-9]*\.?[0-9]+)\s*([a-z%/]*)$/;

export interface ParseFaultOptions {
  /** Names a fault may be narrowed to. */
  readonly axisNames: readonly string[];
  /** The running service wraps fewer places than the lockstep simulation. */
  readonly host: "lockstep" | "service";
}

/**
 * Reads faults as they stand in scenario files and on the command line.
 *
 * @throws BridgeError `config/invalid` with every mistake in the list, and what there is instead.
 */
export function parseFaults(texts: readonly string[], options: ParseFaultOptions): Fault[] {
  const faults: Fault[] = [];
  const problems: string[] = [];
  for (const text of texts) {
    const parsed = parseFault(text, options);
    if (typeof parsed === "string") problems.push(`${text}: ${parsed}`);
    else faults.push(parsed);
  }
  if (problems.length === 0) return faults;
  throw new BridgeError(
    ErrorCode.ConfigInvalid,
    `${problems.length} of ${texts.length} faults cannot be used:\n  ${problems.join("\n  ")}`,
    { details: { problems } },
  );
}

/** The fault, or what is wrong with its text. */
export function parseFault(text: string, options: ParseFaultOptions): Fault | string {
  const groups = grammar.exec(text.trim().replaceAll(/\s+/g, ""))?.groups;
  if (groups === undefined) return shape;
  const { place = "", kind = "", axis, value, spread, start, duration } = groups;
  if (!isPlace(place)) return `there is no place ${place}, expected ${faultPlaces.join(", ")}`;
  const known = faultCatalogue[place];
  const entry = Object.hasOwn(known, kind) ? known[kind] : undefined;
  if (entry === undefined) {
    return `${place} has no fault ${kind}, expected ${Object.keys(known).join(", ")}`;
  }
  if (entry.lockstepOnly === true && options.host === "service") {
    return "only kairos-bridge sim can do this, the running service cannot";
  }
  if (entry.serviceOnly === true && options.host === "lockstep") {
    return `the lockstep simulation has no ${place}, only the running service has`;
  }
  const axisProblem = checkAxis(axis, entry, options.axisNames);
  if (axisProblem !== undefined) return axisProblem;
  const size = readValue(value, entry);
  if (typeof size === "string") return size;
  const width = spread === undefined ? 0 : readNumber(spread, entry.unit);
  if (typeof width === "string") return width;
  if (width < 0) return `spread is ${spread ?? ""}, expected no sign`;
  const startMs = readTime(start, 0);
  if (typeof startMs === "string") return startMs;
  const durationMs = readTime(duration, Number.POSITIVE_INFINITY);
  if (typeof durationMs === "string") return durationMs;
  if (entry.once === true && duration !== undefined)
    return `${kind} happens once, without a duration`;
  return {
    place,
    kind,
    value: size,
    spread: width,
    startMs,
    durationMs,
    ...(axis === undefined ? {} : { axis }),
  };
}

/** The fault in the grammar again: `parseFault` of it gives the same fault. */
export function describeFault(fault: Fault): string {
  const { place, axis, kind, value, spread, startMs, durationMs } = fault;
  const unit = faultCatalogue[place][kind]?.unit ?? "none";
  const suffix = { ms: "ms", ratio: "", rad: "rad", radPerS: "rad/s", none: "" }[unit];
  const size = unit === "none" ? "" : `=${short(value)}${suffix}`;
  const width = spread === 0 ? "" : `~${short(spread)}${suffix}`;
  const start = startMs === 0 ? "" : `@${short(startMs)}ms`;
  const length = Number.isFinite(durationMs) ? `+${short(durationMs)}ms` : "";
  return `${place}${axis === undefined ? "" : `:${axis}`}.${kind}${size}${width}${start}${length}`;
}

/** The whole catalogue, a line each: what `--fault help` prints. */
export function describeCatalogue(): string {
  const units = { ms: "=80ms", ratio: "=20%", rad: "=0.5rad", radPerS: "=0.5rad/s", none: "" };
  return faultPlaces
    .flatMap((place) =>
      Object.entries(faultCatalogue[place]).map(([kind, entry]) => {
        const where =
          entry.lockstepOnly === true
            ? " (sim only)"
            : entry.serviceOnly === true
              ? " (start, run, record only)"
              : "";
        return `${`${place}.${kind}${units[entry.unit]}`.padEnd(26)} ${entry.meaning}${where}`;
      }),
    )
    .join("\n");
}

const isPlace = (text: string): text is FaultPlace =>
  (faultPlaces as readonly string[]).includes(text);

function checkAxis(
  axis: string | undefined,
  entry: FaultKind,
  axisNames: readonly string[],
): string | undefined {
  if (axis === undefined) return undefined;
  if (entry.perAxis !== true) return "this kind cannot be narrowed to an axis";
  if (axisNames.includes(axis)) return undefined;
  return `there is no axis ${axis}, expected ${axisNames.join(", ")}`;
}

function readValue(text: string | undefined, entry: FaultKind): number | string {
  if (entry.unit === "none") return text === undefined ? 0 : `takes no value, found =${text}`;
  if (text === undefined) return `needs a value, expected =<number>${unitsOf(entry.unit)}`;
  const value = readNumber(text, entry.unit);
  if (typeof value === "string") return value;
  if (entry.signed !== true && value < 0) return `value is ${text}, expected no sign`;
  if (entry.unit === "ratio" && value > 1) return `share is ${text}, expected 0 to 100 %`;
  return value;
}

function readTime(text: string | undefined, otherwise: number): number | string {
  if (text === undefined) return otherwise;
  const value = readNumber(text, "ms");
  return typeof value === "number" && value < 0 ? `time is ${text}, expected no sign` : value;
}

function readNumber(text: string, unit: FaultKind["unit"]): number | string {
  const [, digits = "", suffix = ""] = numberAndUnit.exec(text) ?? [];
  const factor = Object.hasOwn(factors[unit], suffix) ? factors[unit][suffix] : undefined;
  if (digits === "" || factor === undefined) {
    return `${text} is not a number with a unit, expected <number>${unitsOf(unit)}`;
  }
  return Number(digits) * factor;
}

const unitsOf = (unit: FaultKind["unit"]): string =>
  Object.keys(factors[unit])
    .filter((suffix) => suffix !== "")
    .join(" or ");

const short = (value: number): string => String(Number(value.toPrecision(12)));
