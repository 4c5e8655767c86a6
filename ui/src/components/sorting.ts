/** How the rows of a table are sorted. */
export interface Sorting<Column extends string> {
  column: Column;
  direction: "ascending" | "descending";
}

/**
 * Rows sorted by what `valueOf` gives for the column. Rows without a value come last in either direction; equal rows
 * keep their order.
 */
export function sorted<Row, Column extends string>(
  rows: readonly Row[],
  { column, direction }: Sorting<Column>,
  valueOf: (row: Row, column: Column) => string | number | null,
): Row[] {
  const sign = direction === "ascending" ? 1 : -1;
  return rows
    .map((row) => ({ row, value: valueOf(row, column) }))
    .sort(({ value: one }, { value: other }) => {
      if (one === null || other === null) return Number(one === null) - Number(other === null);
      if (typeof one === "number" && typeof other === "number") return sign * (one - other);
      return sign * String(one).localeCompare(String(other), undefined, { numeric: true });
    })
    .map(({ row }) => row);
}
