/**
 * Rows that stay where they are. Counts beside filters change with every condition; rows that were ordered by them, or went
 * with their last image, would move away under the pointer.
 */
export class Steady<Row extends { count: number }> {
  readonly #nameOf: (row: Row) => string;
  #scope: unknown = undefined;
  #rows = new Map<string, Row>();

  constructor(nameOf: (row: Row) => string) {
    this.#nameOf = nameOf;
  }

  /**
   * The rows in their order, with present counts; what has no images any more counts zero. They take the order of `fresh`
   * in another `scope`, and whenever `mayMove`.
   */
  keep(fresh: readonly Row[], scope: unknown, mayMove: boolean): Row[] {
    if (scope !== this.#scope || mayMove) this.#rows.clear();
    this.#scope = scope;
    for (const [name, row] of this.#rows) this.#rows.set(name, { ...row, count: 0 });
    for (const row of fresh) this.#rows.set(this.#nameOf(row), row);
    return [...this.#rows.values()];
  }
}
