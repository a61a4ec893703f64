/** Columns as wide as their widest cell; a column whose cells are all numbers is aligned to the right. */
export function table(
  heads: readonly string[],
  rows: readonly (readonly string[])[],
  indent = "  ",
): string {
  const columns = heads.map((head, column) => {
    const cells = rows.map((row) => row[column] ?? "");
    const width = Math.max(head.length, ...cells.map((cell) => cell.length));
    const isNumeric = cells.every((cell) => cell === "" || /^[-+]?[\d.]+(e-?\d+)?$/.test(cell));
    return { width, isNumeric: isNumeric && cells.some((cell) => cell !== "") };
  });
  const line = (cells: readonly string[]): string =>
    (
      indent +
      columns
        .map(({ width, isNumeric }, column) => {
          const cell = cells[column] ?? "";
          return isNumeric ? cell.padStart(width) : cell.padEnd(width);
        })
        .join("  ")
    ).trimEnd();
  return [line(heads), ...rows.map(line)].join("\n");
}

/** Name and value in two columns, long values wrapped under themselves. */
export function facts(
  rows: readonly (readonly [name: string, value: string | undefined])[],
  indent = "  ",
): string {
  const given = rows.filter((row): row is [string, string] => row[1] !== undefined);
  const width = Math.max(...given.map(([name]) => name.length)) + 2;
  const hanging = " ".repeat(indent.length + width);
  return given
    .map(([name, value]) => {
      const lines = wrap(value, 100 - hanging.length);
      return indent + name.padEnd(width) + lines.join(`\n${hanging}`);
    })
    .join("\n");
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}

/** `330 kB`, `5.9 MB`; powers of 1000. */
export function bytesText(bytes: number): string {
  const units = ["B", "kB", "MB", "GB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value >= 100 || unit === 0 ? Math.round(value) : Number(value.toPrecision(2))} ${units[unit] ?? ""}`;
}

/** Three digits that count: `0.0231`, `4.56`, `128`; below a thousandth `2.0e-6`. */
export function number3(value: number): string {
  if (!Number.isFinite(value) || value === 0) return String(value);
  const size = Math.abs(value);
  if (size < 1e-3) return value.toExponential(1);
  return size >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
