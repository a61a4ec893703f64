/** A small seeded generator (mulberry32): every case can be made again from its number. */
export function randomFrom(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** The same bytes cut short, or with one to eight bits changed. */
export function damaged(bytes: Uint8Array, seed: number): Uint8Array {
  const random = randomFrom(seed);
  if (random(4) === 0) return bytes.slice(0, random(bytes.byteLength));
  const copy = bytes.slice();
  for (let flips = 1 + random(8); flips > 0; flips -= 1) {
    copy[random(copy.byteLength)]! ^= 1 << random(8);
  }
  return copy;
}

const strangeValues: readonly unknown[] = [
  null,
  "",
  "x".repeat(5000),
  -1,
  0,
  1e308,
  2 ** 53,
  [],
  {},
  [[]],
  true,
  "state:core",
  "pred.proprio.mean",
  "__proto__",
  "constructor",
  "../../etc/passwd",
];

/** A JSON value with one place of it removed, replaced, repeated or renamed. */
export function mutatedJson(value: unknown, seed: number): unknown {
  const random = randomFrom(seed);
  const copy = structuredClone(value);
  const places: { parent: Record<string, unknown>; key: string }[] = [];
  const visit = (node: unknown): void => {
    if (typeof node !== "object" || node === null) return;
    for (const key of Object.keys(node)) {
      places.push({ parent: node as Record<string, unknown>, key });
      visit((node as Record<string, unknown>)[key]);
    }
  };
  visit(copy);
  const { parent, key } = places[random(places.length)]!;
  const other = places[random(places.length)]!;
  switch (random(4)) {
    case 0:
      Reflect.deleteProperty(parent, key);
      break;
    case 1:
      parent[key] = strangeValues[random(strangeValues.length)];
      break;
    case 2:
      parent[key] = structuredClone(other.parent[other.key]);
      break;
    default: {
      const kept = parent[key];
      Reflect.deleteProperty(parent, key);
      const names = ["__proto__", "constructor", "toString", `${key}x`];
      Object.defineProperty(parent, names[random(names.length)]!, {
        value: kept,
        enumerable: true,
        configurable: true,
      });
    }
  }
  return copy;
}
