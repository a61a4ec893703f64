/** A rectangle of the drawing with a scale: numbers in, SVG text out. */
export interface Area {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly fromX: number;
  readonly toX: number;
  readonly fromY: number;
  readonly toY: number;
}

export const ink = {
  text: "#1c2530",
  faint: "#66717f",
  grid: "#e3e7ec",
  frame: "#c3cad3",
  setpoint: "#8a94a0",
  joint: "#0f62c9",
  predicted: "#d9480f",
  fault: "#f2b705",
  bad: "#c92a2a",
  good: "#2b8a3e",
} as const;

export const escapeXml = (text: string): string =>
  text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");

export interface LabelStyle {
  readonly size?: number;
  readonly color?: string;
  readonly anchor?: "start" | "middle" | "end";
  readonly weight?: number;
}

export function label(text: string, x: number, y: number, style: LabelStyle = {}): string {
  const { size = 12, color = ink.text, anchor = "start", weight = 400 } = style;
  return `<text x="${one(x)}" y="${one(y)}" font-size="${size}" fill="${color}" text-anchor="${anchor}" font-weight="${weight}">${escapeXml(text)}</text>`;
}

export const atX = (area: Area, value: number): number =>
  area.x + ((value - area.fromX) / (area.toX - area.fromX)) * area.width;
export const atY = (area: Area, value: number): number =>
  area.y + area.height - ((value - area.fromY) / (area.toY - area.fromY)) * area.height;

/** Frame, grid lines and their numbers. */
export function axes(area: Area, labels: { readonly x: string; readonly y: string }): string {
  const { x, y, width, height } = area;
  const lines: string[] = [];
  for (const value of ticks(area.fromY, area.toY, height / 34)) {
    const at = one(atY(area, value));
    lines.push(`<path d="M${x} ${at}h${width}" stroke="${ink.grid}"/>`);
    lines.push(
      label(tickText(value), x - 6, Number(at) + 4, {
        size: 10.5,
        color: ink.faint,
        anchor: "end",
      }),
    );
  }
  for (const value of ticks(area.fromX, area.toX, width / 70)) {
    const at = one(atX(area, value));
    lines.push(`<path d="M${at} ${y}v${height}" stroke="${ink.grid}"/>`);
    if (labels.x === "") continue;
    lines.push(
      label(tickText(value), Number(at), y + height + 14, {
        size: 10.5,
        color: ink.faint,
        anchor: "middle",
      }),
    );
  }
  lines.push(
    `<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="none" stroke="${ink.frame}"/>`,
  );
  if (labels.x !== "") {
    lines.push(
      label(labels.x, x + width / 2, y + height + 30, {
        size: 11,
        color: ink.faint,
        anchor: "middle",
      }),
    );
  }
  lines.push(label(labels.y, x, y - 7, { size: 11.5, weight: 600 }));
  return lines.join("");
}

/** A line through points; gaps where a value is no number, or where points lie further apart than told. */
export function polyline(
  area: Area,
  xs: readonly number[],
  ys: readonly number[],
  stroke: { readonly color: string; readonly width?: number; readonly dash?: string },
  maxGapX = Number.POSITIVE_INFINITY,
): string {
  let path = "";
  let isDown = false;
  let lastX = Number.NaN;
  xs.forEach((x, index) => {
    const y = ys[index] ?? Number.NaN;
    const isIn = Number.isFinite(y) && x >= area.fromX && x <= area.toX;
    if (x - lastX > maxGapX) isDown = false;
    lastX = x;
    if (isIn)
      path += `${isDown ? "L" : "M"}${one(atX(area, x))} ${one(atY(area, clampY(area, y)))}`;
    isDown = isIn;
  });
  const dash = stroke.dash === undefined ? "" : ` stroke-dasharray="${stroke.dash}"`;
  return `<path d="${path}" fill="none" stroke="${stroke.color}" stroke-width="${stroke.width ?? 1.5}" stroke-linejoin="round"${dash}/>`;
}

/** The space between two lines over the same x. */
export function band(
  area: Area,
  xs: readonly number[],
  low: readonly number[],
  high: readonly number[],
  color: string,
): string {
  const points = xs.flatMap((x, index) =>
    x >= area.fromX && x <= area.toX && Number.isFinite(low[index]) ? [{ x, index }] : [],
  );
  if (points.length < 2) return "";
  const path = (values: readonly number[], order: typeof points): string =>
    order
      .map(
        ({ x, index }) =>
          `${one(atX(area, x))} ${one(atY(area, clampY(area, values[index] ?? 0)))}`,
      )
      .join("L");
  return `<path d="M${path(high, points)}L${path(low, [...points].reverse())}Z" fill="${color}" fill-opacity="0.16"/>`;
}

export interface Key {
  readonly text: string;
  readonly color: string;
  readonly dash?: string;
}

/** A legend in one row, from x to the right. */
export function keys(entries: readonly Key[], x: number, y: number): string {
  let at = x;
  return entries
    .map(({ text, color, dash }) => {
      const line = `<path d="M${at} ${y - 4}h22" stroke="${color}" stroke-width="2.5"${dash === undefined ? "" : ` stroke-dasharray="${dash}"`}/>`;
      const drawn = line + label(text, at + 28, y, { size: 11.5, color: ink.faint });
      at += 44 + text.length * 6.3;
      return drawn;
    })
    .join("");
}

/** Limits a little beyond all values, and never an empty range. */
export function rangeOf(values: readonly number[], least: number): readonly [number, number] {
  const finite = values.filter(Number.isFinite);
  const low = Math.min(...finite, Number.POSITIVE_INFINITY);
  const high = Math.max(...finite, Number.NEGATIVE_INFINITY);
  if (low > high) return [0, least];
  const margin = Math.max(0.06 * (high - low), (least - (high - low)) / 2);
  return [low - margin, high + margin];
}

/** Round numbers within a range, about `count` of them. */
export function ticks(from: number, to: number, count: number): number[] {
  const rough = (to - from) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10);
  const first = Math.ceil(from / step - 1e-9);
  const last = Math.floor(to / step + 1e-9);
  return Array.from(
    { length: Math.max(0, last - first + 1) },
    (_, index) => (first + index) * step,
  );
}

const clampY = (area: Area, y: number): number => Math.min(Math.max(y, area.fromY), area.toY);
const one = (value: number): string => value.toFixed(1);
const tickText = (value: number): string => String(Number(value.toPrecision(6)));
