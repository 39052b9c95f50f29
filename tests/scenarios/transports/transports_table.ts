// The table of promises kept, by PBX and transport.

/** The promises of one transport on one PBX. */
export interface Column {
  readonly pbxName: string;
  readonly transport: string;
  /** By row; a missing row was not tested. */
  readonly kept: ReadonlyMap<string, boolean>;
}

/** The table: a row per promise, a column per transport. */
export function table(rows: readonly string[], columns: readonly Column[]): string {
  const width = Math.max(...rows.map((row) => row.length));
  const line = (title: string, cells: readonly string[]) =>
    [title.padEnd(width), ...cells.map((cell) => cell.padEnd(CELL_WIDTH))].join("  ").trimEnd();
  const cell = (result: boolean | undefined) =>
    result === undefined ? "-" : result ? "ok" : "FAILED";
  return [
    line("", columns.map(({ pbxName }) => pbxName)),
    line("", columns.map(({ transport }) => transport)),
    ...rows.map((row) => line(row, columns.map(({ kept }) => cell(kept.get(row))))),
  ].join("\n");
}

/** Room for "Asterisk 16.28". */
const CELL_WIDTH = 14;
