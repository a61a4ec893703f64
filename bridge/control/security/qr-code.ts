import { encode, renderSVG } from "uqr";

/** For a terminal: two modules per character, light on dark as cameras want it on either background. */
export function qrForTerminal(text: string): string {
  const { data, size } = encode(text, { ecc: "L", border: 2 });
  const isDark = (row: number, column: number): boolean => data[row]?.[column] ?? false;
  const lines: string[] = [];
  for (let row = 0; row < size; row += 2) {
    let line = "";
    for (let column = 0; column < size; column += 1) {
      // A light module is drawn; a dark one is left as ground, whose colour is set below.
      const [upper, lower] = [!isDark(row, column), !isDark(row + 1, column)];
      line += upper ? (lower ? "█" : "▀") : lower ? "▄" : " ";
    }
    lines.push(`\u001b[97;40m${line}\u001b[0m`);
  }
  return lines.join("\n");
}

/** Black on white with a quiet zone of 4 modules, whatever the page around it looks like. */
export function qrSvg(text: string): string {
  return renderSVG(text, { ecc: "M", border: 4, blackColor: "#000", whiteColor: "#fff" });
}
