/**
 * Keeps filter rows in place. Counts change with every condition; rows sorted by count, or removed at zero, would move
 * under the pointer.
 */
export class StableRows<Row extends { count: number }> {
  readonly #nameOf: (row: Row) => string;
  #scope: unknown = undefined;
  #rows = new Map<string, Row>();

  constructor(nameOf: (row: Row) => string) {
    this.#nameOf = nameOf;
  }

  /**
   * The rows in their previous order with current counts, zero for missing ones. Takes the order of `fresh` in another
   * `scope`, or if `mayMove`.
   */
  keep(fresh: readonly Row[], scope: unknown, mayMove: boolean): Row[] {
    if (scope !== this.#scope || mayMove) this.#rows.clear();
    this.#scope = scope;
    for (const [name, row] of this.#rows) this.#rows.set(name, { ...row, count: 0 });
    for (const row of fresh) this.#rows.set(this.#nameOf(row), row);
    return [...this.#rows.values()];
  }
}
