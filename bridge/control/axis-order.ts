import type { AxisDescription } from "../contract/device.ts";

export type AxisValues = readonly (number | null)[];

export type AxisRead =
  | { readonly ok: true; readonly values: AxisValues }
  | { readonly ok: false; readonly reason: string };

/** Axis names to axis order and back, for one device. */
export class AxisOrder {
  readonly axes: readonly AxisDescription[];
  readonly #index: ReadonlyMap<string, number>;

  constructor(axes: readonly AxisDescription[]) {
    this.axes = axes;
    this.#index = new Map(axes.map(({ name }, index) => [name, index]));
  }

  /** Values by name in axis order; axes that are left out are null. */
  read(byName: Readonly<Record<string, number>>): AxisRead {
    const wrong = this.#problemWith(Object.keys(byName));
    if (wrong !== undefined) return wrong;
    return { ok: true, values: this.axes.map(({ name }) => byName[name] ?? null) };
  }

  /** For each axis the place of its value in lists ordered by `names`, or null. */
  places(names: readonly string[]): AxisRead {
    const wrong = this.#problemWith(names);
    if (wrong !== undefined) return wrong;
    const places = this.axes.map(({ name }) => {
      const place = names.indexOf(name);
      return place < 0 ? null : place;
    });
    return { ok: true, values: places };
  }

  /** By axis name; axes left as they were are left out. */
  byName(values: AxisValues): Readonly<Record<string, number>> {
    const named = this.axes.flatMap(({ name }, index) => {
      const value = values[index];
      return value === null || value === undefined ? [] : [[name, value] as const];
    });
    return Object.fromEntries(named);
  }

  #problemWith(names: readonly string[]): Extract<AxisRead, { ok: false }> | undefined {
    const expected = `expected some of ${[...this.#index.keys()].join(", ")}`;
    if (names.length === 0) return { ok: false, reason: `no axis given, ${expected}` };
    const unknown = names.find((name) => !this.#index.has(name));
    if (unknown !== undefined)
      return { ok: false, reason: `axis ${unknown} is unknown, ${expected}` };
    if (new Set(names).size === names.length) return undefined;
    return { ok: false, reason: `axes ${names.join(", ")} name one twice, expected each once` };
  }
}
