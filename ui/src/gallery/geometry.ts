/**
 * Geometry of the virtual grid: rows of equal height, so that positions are computed and only visible cells are
 * rendered. Browsers break above some ten million pixels of scroll height; beyond `MAX_SCROLL_HEIGHT` the scroll
 * position is scaled, while content still moves pixel by pixel.
 */
export const MAX_SCROLL_HEIGHT = 8_000_000;
/** Width to height of a thumbnail. */
const FRAME_RATIO = 3 / 2;
const FOOT_HEIGHT = 24;
const ROW_GAP = 16;
const COLUMN_GAP = 12;
export const PADDING = 16;
/** Rows rendered above and below the visible ones. */
const ROWS_BEYOND = 2;

export interface Grid {
  count: number;
  columns: number;
  /** Distance between the left edges of two columns, including leftover space. */
  columnStep: number;
  rows: number;
  cellWidth: number;
  frameHeight: number;
  rowHeight: number;
  /** Total height of all rows with padding. */
  height: number;
  viewportHeight: number;
  /** The element's scroll height: `height`, capped. */
  scrollHeight: number;
}

export function gridOf(count: number, width: number, viewportHeight: number, thumbnailWidth: number): Grid {
  const inner = Math.max(1, width - 2 * PADDING);
  const columns = Math.max(1, Math.floor((inner + COLUMN_GAP) / (thumbnailWidth + COLUMN_GAP)));
  const cellWidth = Math.max(1, Math.floor((inner - COLUMN_GAP * (columns - 1)) / columns));
  const columnStep = columns === 1 ? 0 : (inner - cellWidth) / (columns - 1);
  const frameHeight = Math.round(cellWidth / FRAME_RATIO);
  const rowHeight = frameHeight + FOOT_HEIGHT + ROW_GAP;
  const rows = Math.ceil(count / columns);
  const height = rows === 0 ? 0 : rows * rowHeight - ROW_GAP + 2 * PADDING;
  const scrollHeight = Math.max(Math.min(height, MAX_SCROLL_HEIGHT), Math.min(height, viewportHeight));
  return { count, columns, columnStep, rows, cellWidth, frameHeight, rowHeight, height, viewportHeight, scrollHeight };
}

/** The content offset at the top of the viewport. */
export function offsetOf(grid: Grid, scrollTop: number): number {
  const scrolls = grid.scrollHeight - grid.viewportHeight;
  if (scrolls <= 0) return 0;
  const offset = scrollTop * ((grid.height - grid.viewportHeight) / scrolls);
  return Math.min(Math.max(0, offset), grid.height - grid.viewportHeight);
}

/** The scroll position that shows the rows from `offset` on. */
export function scrollTopOf(grid: Grid, offset: number): number {
  const beyond = grid.height - grid.viewportHeight;
  if (beyond <= 0) return 0;
  const within = Math.min(Math.max(0, offset), beyond);
  return within * ((grid.scrollHeight - grid.viewportHeight) / beyond);
}

/** The cells to render, from `first` up to but without `end`. */
export function cellsInSight(grid: Grid, scrollTop: number): { first: number; end: number } {
  const offset = offsetOf(grid, scrollTop) - PADDING;
  const firstRow = Math.max(0, Math.floor(offset / grid.rowHeight) - ROWS_BEYOND);
  const endRow = Math.min(grid.rows, Math.ceil((offset + grid.viewportHeight) / grid.rowHeight) + ROWS_BEYOND);
  return {
    first: Math.min(grid.count, firstRow * grid.columns),
    end: Math.min(grid.count, Math.max(0, endRow) * grid.columns),
  };
}

/** Position of a cell in the scrolled element. */
export function placeOf(grid: Grid, index: number, scrollTop: number): { x: number; y: number } {
  const row = Math.floor(index / grid.columns);
  const column = index % grid.columns;
  return {
    x: PADDING + Math.round(column * grid.columnStep),
    // Without scaling both offsets are equal and this is the row's position.
    y: PADDING + row * grid.rowHeight - offsetOf(grid, scrollTop) + scrollTop,
  };
}

/** The nearest scroll position at which the whole cell is visible. */
export function scrollTopShowing(grid: Grid, index: number, scrollTop: number): number {
  const top = PADDING + Math.floor(index / grid.columns) * grid.rowHeight;
  const bottom = top + grid.rowHeight - ROW_GAP;
  const offset = offsetOf(grid, scrollTop);
  if (top - PADDING < offset) return scrollTopOf(grid, top - PADDING);
  if (bottom + PADDING > offset + grid.viewportHeight) return scrollTopOf(grid, bottom + PADDING - grid.viewportHeight);
  return scrollTop;
}

export type Step = "left" | "right" | "up" | "down" | "pageUp" | "pageDown" | "first" | "last";

/** The cell that a step leads to; steps out of the grid are ignored. */
export function stepFrom(grid: Grid, index: number, step: Step): number {
  const page = Math.max(1, Math.floor(grid.viewportHeight / grid.rowHeight)) * grid.columns;
  const inColumn = (by: number): number => {
    if (by < 0) return index + by >= 0 ? index + by : index % grid.columns;
    if (index + by < grid.count) return index + by;
    const isInLastRow = Math.floor(index / grid.columns) === grid.rows - 1;
    return isInLastRow ? index : grid.count - 1;
  };
  switch (step) {
    case "left":
      return Math.max(0, index - 1);
    case "right":
      return Math.min(grid.count - 1, index + 1);
    case "up":
      return inColumn(-grid.columns);
    case "down":
      return inColumn(grid.columns);
    case "pageUp":
      return inColumn(-page);
    case "pageDown":
      return inColumn(page);
    case "first":
      return 0;
    case "last":
      return grid.count - 1;
  }
}

/** In pixels from the upper left corner of the content. */
export interface Point {
  x: number;
  y: number;
}

/** Cells in a range of rows and columns; `endRow` and `endColumn` are exclusive. */
export interface Block {
  firstRow: number;
  endRow: number;
  firstColumn: number;
  endColumn: number;
}

/** The cells that the rectangle between two points touches, not counting gaps. */
export function blockBetween(grid: Grid, from: Point, to: Point): Block {
  const [left, right] = from.x < to.x ? [from.x, to.x] : [to.x, from.x];
  const [top, bottom] = from.y < to.y ? [from.y, to.y] : [to.y, from.y];
  const columns = touched(left, right, grid.columnStep, grid.cellWidth, grid.columns);
  const rows = touched(top, bottom, grid.rowHeight, grid.rowHeight - ROW_GAP, grid.rows);
  return { firstRow: rows.first, endRow: rows.end, firstColumn: columns.first, endColumn: columns.end };
}

/** Index range of `count` intervals, one every `step`, that a span touches. */
function touched(least: number, most: number, step: number, length: number, count: number) {
  // A single column has no step.
  const every = step > 0 ? step : length;
  const first = Math.max(0, Math.floor((least - PADDING - length) / every) + 1);
  const end = Math.min(count, Math.max(0, Math.floor((most - PADDING) / every) + 1));
  return { first, end: Math.max(first, end) };
}

/** Indices of cells that are in exactly one of the blocks. */
export function* cellsOfOne(grid: Grid, one: Block, other: Block): Generator<number> {
  const firstRow = Math.max(one.firstRow, other.firstRow);
  const endRow = Math.max(firstRow, Math.min(one.endRow, other.endRow));
  const firstColumn = Math.max(one.firstColumn, other.firstColumn);
  const endColumn = Math.max(firstColumn, Math.min(one.endColumn, other.endColumn));
  const hasCommon = endRow > firstRow && endColumn > firstColumn;
  if (!hasCommon) return yield* cellsOf(grid, one);
  yield* cellsOf(grid, { ...one, endRow: firstRow });
  yield* cellsOf(grid, { ...one, firstRow: endRow });
  yield* cellsOf(grid, { firstRow, endRow, firstColumn: one.firstColumn, endColumn: firstColumn });
  yield* cellsOf(grid, { firstRow, endRow, firstColumn: endColumn, endColumn: one.endColumn });
}

function* cellsOf(grid: Grid, { firstRow, endRow, firstColumn, endColumn }: Block): Generator<number> {
  if (firstColumn >= endColumn) return;
  for (let row = firstRow; row < endRow; row += 1)
    for (let column = firstColumn; column < endColumn; column += 1) {
      const index = row * grid.columns + column;
      // The last row may be incomplete.
      if (index < grid.count) yield index;
    }
}
