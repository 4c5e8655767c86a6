/**
 * Selection by a rectangle over the grid. Touched cells are computed from rows and columns; each move only visits cells
 * that were added or removed.
 */
import { Selection } from "../state/selection";
import { type Block, blockBetween, cellsOfOne, type Grid, type Point } from "./geometry";
import type { Library } from "./library.svelte";

/** Replaces the selection, adds to it, or toggles the touched cells. */
export type BandKind = "only" | "add" | "toggle";

const NOTHING: Block = { firstRow: 0, endRow: 0, firstColumn: 0, endColumn: 0 };

export class Band {
  readonly #library: Library;
  readonly #kind: BandKind;
  readonly #from: Point;
  readonly #before: Selection;
  /** The selection that touched cells are applied to. */
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
    this.#before = library.app.scope.selected;
    this.#base = kind === "only" ? Selection.none : this.#before;
    this.#selected = this.#base;
  }

  /** Extends the rectangle to a point. */
  reach(grid: Grid, to: Point): void {
    const { app, ids } = this.#library;
    const isOther = ids !== this.#ids || grid.columns !== this.#grid.columns || grid.count !== this.#grid.count;
    // The list changed: recompute from scratch.
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
    if (app.scope.selected !== this.#selected) app.scope.selected = this.#selected;
  }

  /** Ends the selection; the keyboard continues from that corner. */
  end(to: Point): void {
    const { firstRow, endRow, firstColumn, endColumn } = this.#block;
    if (firstRow >= endRow || firstColumn >= endColumn) return;
    const [nearRow, farRow] = this.#from.y <= to.y ? [firstRow, endRow - 1] : [endRow - 1, firstRow];
    const [nearColumn, farColumn] = this.#from.x <= to.x ? [firstColumn, endColumn - 1] : [endColumn - 1, firstColumn];
    const last = this.#grid.count - 1;
    const indexOf = (row: number, column: number) => Math.min(last, row * this.#grid.columns + column);
    this.#library.standBetween(indexOf(nearRow, nearColumn), indexOf(farRow, farColumn));
  }

  /** Restores the previous selection. */
  takeBack(): void {
    this.#library.app.scope.selected = this.#before.within(this.#library.ids);
  }

  *#idsOfOne(grid: Grid, one: Block, other: Block): Generator<number> {
    for (const index of cellsOfOne(grid, one, other)) {
      const id = this.#ids[index];
      if (id === undefined || (this.#kind === "add" && this.#base.has(id))) continue;
      yield id;
    }
  }
}
