import { describe, expect, it } from "vitest";

import {
  type Block,
  blockBetween,
  cellsInSight,
  cellsOfOne,
  gridOf,
  MAX_SCROLL_HEIGHT,
  offsetOf,
  PADDING,
  placeOf,
  scrollTopOf,
  scrollTopShowing,
  stepFrom,
} from "./geometry";

const library = gridOf(60, 1040, 640, 176);
/** Enough rows to need a scaled scroll bar. */
const vast = gridOf(1_000_000, 1040, 640, 352);

describe("gridOf", () => {
  it("fits as many columns as the width holds, and fills it", () => {
    expect(library.columns).toBe(5);
    expect(library.rows).toBe(12);
    expect(library.cellWidth * 5 + 4 * 12 + 2 * PADDING).toBeLessThanOrEqual(1040);
    expect(placeOf(library, 4, 0).x + library.cellWidth).toBe(1040 - PADDING);
    expect(gridOf(60, 100, 640, 176).columns).toBe(1);
  });

  it("caps the height that the browser is told", () => {
    expect(library.scrollHeight).toBe(library.height);
    expect(vast.height).toBeGreaterThan(MAX_SCROLL_HEIGHT);
    expect(vast.scrollHeight).toBe(MAX_SCROLL_HEIGHT);
  });

  it("is nothing without images", () => {
    const none = gridOf(0, 1040, 640, 176);
    expect(none.height).toBe(0);
    expect(cellsInSight(none, 0)).toEqual({ first: 0, end: 0 });
  });
});

describe("cellsInSight", () => {
  it.each([library, vast])("begins with the first and ends with the last", (grid) => {
    expect(cellsInSight(grid, 0).first).toBe(0);
    expect(cellsInSight(grid, grid.scrollHeight - grid.viewportHeight).end).toBe(grid.count);
  });

  it("holds few cells however many there are", () => {
    for (const share of [0, 0.3, 0.77, 1]) {
      const { first, end } = cellsInSight(vast, share * (vast.scrollHeight - vast.viewportHeight));
      expect(end - first).toBeGreaterThan(0);
      expect(end - first).toBeLessThan(40);
    }
  });

  it("covers the whole viewport", () => {
    for (let scrollTop = 0; scrollTop < library.height - 640; scrollTop += 37) {
      const { first, end } = cellsInSight(library, scrollTop);
      expect(first === 0 || placeOf(library, first, scrollTop).y <= scrollTop).toBe(true);
      const below = placeOf(library, end - 1, scrollTop).y + library.rowHeight;
      expect(end === library.count || below >= scrollTop + 640).toBe(true);
    }
  });
});

describe("the scale", () => {
  it("turns back to where it came from", () => {
    for (const offset of [0, 12_345, 5_000_000, vast.height - vast.viewportHeight]) {
      expect(offsetOf(vast, scrollTopOf(vast, offset))).toBeCloseTo(offset, 3);
    }
  });

  it("places the last row inside the scrolled element", () => {
    const bottom = vast.scrollHeight - vast.viewportHeight;
    const { y } = placeOf(vast, vast.count - 1, bottom);
    expect(y + vast.rowHeight).toBeLessThanOrEqual(vast.scrollHeight + PADDING);
    expect(y).toBeGreaterThan(bottom);
  });
});

describe("scrollTopShowing", () => {
  it.each([library, vast])("brings any cell into sight", (grid) => {
    for (const index of [0, 7, Math.floor(grid.count / 2), grid.count - 1]) {
      const scrollTop = scrollTopShowing(grid, index, 0);
      const { y } = placeOf(grid, index, scrollTop);
      expect(y).toBeGreaterThanOrEqual(scrollTop);
      expect(y + grid.frameHeight).toBeLessThanOrEqual(scrollTop + grid.viewportHeight + 1);
    }
  });

  it("leaves a cell in sight where it is", () => {
    expect(scrollTopShowing(library, 12, 180)).toBe(180);
  });
});

describe("stepFrom", () => {
  it("stays in the grid", () => {
    expect(stepFrom(library, 0, "left")).toBe(0);
    expect(stepFrom(library, 2, "up")).toBe(2);
    expect(stepFrom(library, 7, "up")).toBe(2);
    expect(stepFrom(library, 7, "down")).toBe(12);
    expect(stepFrom(library, 59, "right")).toBe(59);
    expect(stepFrom(library, 57, "down")).toBe(57);
    expect(stepFrom(library, 3, "last")).toBe(59);
    expect(stepFrom(library, 30, "first")).toBe(0);
    expect(stepFrom(library, 8, "pageUp")).toBe(3);
  });

  it("ends on the last image when the last row is short", () => {
    const grid = gridOf(58, 1040, 640, 176);
    expect(stepFrom(grid, 54, "down")).toBe(57);
    expect(stepFrom(grid, 49, "pageDown")).toBe(57);
  });
});

describe("blockBetween", () => {
  const short = gridOf(58, 1040, 640, 176);
  const single = gridOf(7, 200, 640, 176);
  /** Brute force over every cell, as a reference. */
  function touchedOneByOne(grid: typeof short, x1: number, y1: number, x2: number, y2: number): number[] {
    return Array.from({ length: grid.count }, (_, index) => index).filter((index) => {
      const { x, y } = placeOf(grid, index, 0);
      const bottom = y + grid.rowHeight - 16;
      return x1 <= x + grid.cellWidth && x2 >= x && y1 <= bottom && y2 >= y;
    });
  }
  const nothing: Block = { firstRow: 0, endRow: 0, firstColumn: 0, endColumn: 0 };

  it.each([short, single])("holds the cells that are touched, and no others", (grid) => {
    // Half-pixel coordinates, so that rounding does not matter.
    for (let seed = 0; seed < 400; seed += 1) {
      const at = (factor: number, most: number) => Math.floor((seed * factor) % most) + 0.5;
      const [from, to] = [
        { x: at(97, 1040), y: at(311, grid.height) },
        { x: at(419, 1040), y: at(683, grid.height) },
      ];
      const found = [...cellsOfOne(grid, blockBetween(grid, from, to), nothing)];
      const [x1, x2] = [Math.min(from.x, to.x), Math.max(from.x, to.x)];
      const [y1, y2] = [Math.min(from.y, to.y), Math.max(from.y, to.y)];
      expect(found).toEqual(touchedOneByOne(grid, x1, y1, x2, y2));
    }
  });

  it("touches nothing between cells and beside them", () => {
    const gap = { x: PADDING + library.cellWidth + 6, y: 4 };
    expect(blockBetween(library, gap, { ...gap, y: 600 })).toMatchObject({ firstColumn: 1, endColumn: 1 });
    expect([...cellsOfOne(library, blockBetween(library, gap, { ...gap, y: 600 }), nothing)]).toEqual([]);
    expect([...cellsOfOne(library, blockBetween(library, { x: 2, y: 2 }, { x: 14, y: 9000 }), nothing)]).toEqual([]);
  });

  it("says what came in and what went out", () => {
    const blocks: Block[] = [
      nothing,
      { firstRow: 1, endRow: 4, firstColumn: 1, endColumn: 3 },
      { firstRow: 0, endRow: 3, firstColumn: 2, endColumn: 5 },
      { firstRow: 2, endRow: 3, firstColumn: 2, endColumn: 3 },
      { firstRow: 6, endRow: 9, firstColumn: 0, endColumn: 5 },
      { firstRow: 11, endRow: 12, firstColumn: 0, endColumn: 5 },
    ];
    for (const one of blocks)
      for (const other of blocks) {
        const others = new Set(cellsOfOne(short, other, nothing));
        const expected = [...cellsOfOne(short, one, nothing)].filter((index) => !others.has(index));
        expect([...cellsOfOne(short, one, other)].sort((a, b) => a - b)).toEqual(expected);
      }
  });
});
