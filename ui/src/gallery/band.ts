/**
 * Selecting by a rectangle that is drawn over the grid. What it touches follows by arithmetic from rows and columns, seen
 * or not; at every move only the cells that came in or went out are looked at.
 */
import { Selection } from "../state/selection";
import { type Block, blockBetween, cellsOfOne, type Grid, type Point } from "./geometry";
import type { Library } from "./library.svelte";

/** Instead of what was selected, beside it, or turning over what is touched. */
export type BandKind = "only" | "add" | "toggle";

const NOTHING: Block = { firstRow: 0, endRow: 0, firstColumn: 0, endColumn: 0 };

export class Band {
  readonly #library: Library;
  readonly #kind: BandKind;
  readonly #from: Point;
  readonly #before: Selection;
  /** What the cells that are touched change. */
  #base: Selection;
  #selected: Selection;
  #ids: Uint32Array;
  #grid: Grid;
  #block = NOTHING;

  constructor(library: Library, grid: Grid, from: Point, kind: BandKind) {
    this.#library = library;
    this.#kind = kind;
    this.#from = from;
    this.#grid = grid;
    this.#ids = library.ids;
    this.#before = library.app.selected;
    this.#base = kind === "only" ? Selection.none : this.#before;
    this.#selected = this.#base;
  }

  /** Selects what there is between where it began and `to`. */
  reach(grid: Grid, to: Point): void {
    const { app, ids } = this.#library;
    const isOther = ids !== this.#ids || grid.columns !== this.#grid.columns || grid.count !== this.#grid.count;
    // In another list the same places are other images: what is touched is counted up anew.
    if (isOther) {
      this.#ids = ids;
      this.#base = this.#base.within(ids);
      this.#selected = this.#base;
      this.#block = NOTHING;
    }
    const block = blockBetween(grid, this.#from, to);
    const changed = [...this.#idsOfOne(grid, block, this.#block), ...this.#idsOfOne(grid, this.#block, block)];
    this.#grid = grid;
    this.#block = block;
    if (changed.length > 0) this.#selected = this.#selected.toggled(changed);
    if (app.selected !== this.#selected) app.selected = this.#selected;
  }

  /** The keyboard goes on in the corner to which it was drawn. */
  end(to: Point): void {
    const { firstRow, endRow, firstColumn, endColumn } = this.#block;
    if (firstRow >= endRow || firstColumn >= endColumn) return;
    const [nearRow, farRow] = this.#from.y <= to.y ? [firstRow, endRow - 1] : [endRow - 1, firstRow];
    const [nearColumn, farColumn] = this.#from.x <= to.x ? [firstColumn, endColumn - 1] : [endColumn - 1, firstColumn];
    const last = this.#grid.count - 1;
    const indexOf = (row: number, column: number) => Math.min(last, row * this.#grid.columns + column);
    this.#library.standBetween(indexOf(nearRow, nearColumn), indexOf(farRow, farColumn));
  }

  /** What was selected before is selected again. */
  takeBack(): void {
    this.#library.app.selected = this.#before.within(this.#library.ids);
  }

  *#idsOfOne(grid: Grid, one: Block, other: Block): Generator<number> {
    for (const index of cellsOfOne(grid, one, other)) {
      const id = this.#ids[index];
      if (id === undefined || (this.#kind === "add" && this.#base.has(id))) continue;
      yield id;
    }
  }
}
