import { printable } from "../../errors/index.ts";
import { widthOf } from "../../util/index.ts";

/** Columns as Docker prints them: upper-case heads, three spaces between, nothing cut. */
export function formatTable(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [heads, ...rows].map((row) => row.map((cell) => printable(cell).replaceAll("\n", " ")));
  const widths = heads.map((_, column) => widest(cells, column));
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => cell + " ".repeat(Math.max(0, (widths[column] ?? 0) - widthOf(cell))))
      .join("   ")
      .trimEnd();
  return `${cells.map(line).join("\n")}\n`;
}

function widest(rows: readonly (readonly string[])[], column: number): number {
  return rows.reduce((width, row) => Math.max(width, widthOf(row[column] ?? "")), 0);
}
