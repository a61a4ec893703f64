import { refused } from "./node-name.ts";
import {
  parameterText,
  plainValue,
  type ParameterTypeName,
  type ParameterValue,
} from "./parameter-value.ts";

export interface ParameterRange {
  readonly from: number;
  readonly to: number;
  /** 0 = any value between. */
  readonly step: number;
}

export interface ParameterDescription {
  readonly name: string;
  readonly type: ParameterTypeName;
  readonly description: string;
  /** What the range cannot say, e.g. `one of error, warn, info, debug`. */
  readonly additionalConstraints: string;
  readonly readOnly: boolean;
  readonly range: ParameterRange | undefined;
}

/** What a node says of a parameter when it declares it. Its type is that of `value`. */
export interface ParameterDeclaration {
  readonly name: string;
  /** Unless an override says otherwise. */
  readonly value: ParameterValue;
  readonly description: string;
  readonly additionalConstraints?: string;
  readonly range?: ParameterRange;
  /** The reason why a value of the right type and range is refused; undefined when it is fine. */
  readonly check?: (value: unknown) => string | undefined;
  /** Puts a checked value into effect. Without it the parameter is read-only. */
  readonly apply?: (value: unknown) => void;
}

export interface ParameterAssignment {
  readonly name: string;
  readonly value: ParameterValue;
}

export interface SetResult {
  readonly successful: boolean;
  /** Empty when successful. */
  readonly reason: string;
}

export interface ParameterChange {
  readonly declared: readonly ParameterAssignment[];
  readonly changed: readonly ParameterAssignment[];
}

interface Entry {
  readonly declaration: ParameterDeclaration;
  value: ParameterValue;
}

const separator = ".";
const notSet: ParameterValue = { type: "not_set" };
const taken: SetResult = { successful: true, reason: "" };

/**
 * The parameters of one node: declared once with type, range and meaning, then read and set by name.
 * Types are static, as rclcpp's are unless asked otherwise. Knows nothing of messages.
 */
export class ParameterStore {
  readonly #overrides: ReadonlyMap<string, ParameterValue>;
  readonly #entries = new Map<string, Entry>();
  readonly #listeners = new Set<(change: ParameterChange) => void>();

  /** @param overrides of the command line and of parameter files, by name. */
  constructor(overrides: ReadonlyMap<string, ParameterValue> = new Map()) {
    this.#overrides = overrides;
  }

  /**
   * Adds a parameter and returns the value it has: the override, where there is one. Nothing is
   * applied: whoever declares starts from what is returned.
   *
   * @throws BridgeError `ros/arguments` for an override of another type or out of range.
   */
  declare(declaration: ParameterDeclaration): unknown {
    const { name } = declaration;
    const override = this.#overrides.get(name);
    const value = override === undefined ? declaration.value : widened(override, declaration);
    const problem = override === undefined ? undefined : problemOf(declaration, value);
    if (problem !== undefined) throw refused(`parameter ${name}: ${problem}`);
    this.#entries.set(name, { declaration, value });
    this.#tell({ declared: [{ name, value }], changed: [] });
    return plainValue(value);
  }

  /** Overrides that no declaration has taken: most likely misspelt. */
  unusedOverrides(): readonly string[] {
    return [...this.#overrides.keys()].filter((name) => !this.#entries.has(name));
  }

  onChange(listener: (change: ParameterChange) => void): void {
    this.#listeners.add(listener);
  }

  get(name: string): ParameterValue {
    return this.#entries.get(name)?.value ?? notSet;
  }

  all(): readonly ParameterAssignment[] {
    return [...this.#entries].map(([name, { value }]) => ({ name, value }));
  }

  /** Undefined for a name that is not declared. */
  describe(name: string): ParameterDescription | undefined {
    const entry = this.#entries.get(name);
    if (entry === undefined) return undefined;
    const { description, additionalConstraints = "", range, apply, value } = entry.declaration;
    const readOnly = apply === undefined;
    return { name, type: value.type, description, additionalConstraints, readOnly, range };
  }

  /**
   * Names under the prefixes, at most `depth` parts below them, and the prefixes those have.
   *
   * @param prefixes empty = all names.
   * @param depth 0 = any.
   */
  list(prefixes: readonly string[], depth: number): { names: string[]; prefixes: string[] } {
    const isNear = (rest: string): boolean => depth === 0 || rest.split(separator).length <= depth;
    const names = [...this.#entries.keys()].filter((name) =>
      prefixes.length === 0
        ? isNear(name)
        : prefixes.some(
            (prefix) =>
              name === prefix ||
              (name.startsWith(prefix + separator) && isNear(name.slice(prefix.length + 1))),
          ),
    );
    const above = names.flatMap((name) => {
      const end = name.lastIndexOf(separator);
      return end === -1 ? [] : [name.slice(0, end)];
    });
    return { names: names.sort(), prefixes: [...new Set(above)].sort() };
  }

  /** Each for itself: one that is refused does not hold up the others. */
  set(assignments: readonly ParameterAssignment[]): readonly SetResult[] {
    return assignments.map((assignment) => this.setAtomically([assignment]));
  }

  /** All or none. */
  setAtomically(assignments: readonly ParameterAssignment[]): SetResult {
    for (const assignment of assignments) {
      const reason = this.#refusal(assignment);
      if (reason !== undefined) return { successful: false, reason };
    }
    for (const { name, value } of assignments) {
      const entry = this.#entries.get(name);
      if (entry === undefined) continue;
      entry.value = value;
      entry.declaration.apply?.(plainValue(value));
    }
    // Also those that were set to what they were: `ros2 param` and monitors expect the event.
    this.#tell({ declared: [], changed: assignments });
    return taken;
  }

  #refusal({ name, value }: ParameterAssignment): string | undefined {
    const entry = this.#entries.get(name);
    if (entry === undefined) return `parameter ${name} is not declared`;
    const { declaration } = entry;
    if (declaration.apply === undefined) {
      return `parameter ${name} is read-only (it is ${parameterText(entry.value)})`;
    }
    const problem = problemOf(declaration, value);
    return problem === undefined ? undefined : `parameter ${name}: ${problem}`;
  }

  #tell(change: ParameterChange): void {
    for (const listener of this.#listeners) listener(change);
  }
}

/** On the command line and in files 5 is fine for a double, and [] for a list of any type. */
function widened(override: ParameterValue, { value }: ParameterDeclaration): ParameterValue {
  const wanted = value.type;
  if (override.type === "integer" && wanted === "double") return { ...override, type: "double" };
  if (override.type === "integer_array" && wanted === "double_array") {
    return { ...override, type: "double_array" };
  }
  const isEmptyList = override.type === "string_array" && override.value.length === 0;
  return isEmptyList && wanted.endsWith("_array")
    ? ({ type: wanted, value: [] } as unknown as ParameterValue)
    : override;
}

function problemOf(
  { value: { type }, range, check }: ParameterDeclaration,
  value: ParameterValue,
): string | undefined {
  if (value.type !== type) return `type is ${value.type}, expected ${type}`;
  if (range !== undefined && (value.type === "integer" || value.type === "double")) {
    if (!isWithin(value.value, range)) {
      const steps = range.step === 0 ? "" : ` in steps of ${range.step}`;
      return `value is ${value.value}, expected ${range.from} to ${range.to}${steps}`;
    }
  }
  return check?.(plainValue(value));
}

/** The bounds themselves are allowed even where no whole number of steps leads to them, as in rclcpp. */
function isWithin(value: number, { from, to, step }: ParameterRange): boolean {
  if (value === from || value === to) return true;
  if (!(value > from && value < to)) return false;
  if (step === 0) return true;
  const steps = (value - from) / step;
  return Math.abs(steps - Math.round(steps)) < 1e-9;
}
