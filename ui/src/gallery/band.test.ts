import { describe, expect, it, vi } from "vitest";

import { App } from "../state/app.svelte";
import { Selection } from "../state/selection";
import { coreOf } from "../../test/core";
import { Band, type BandKind } from "./band";
import { gridOf, placeOf, type Point } from "./geometry";
import { Library } from "./library.svelte";

async function loaded(): Promise<Library> {
  const app = new App(await coreOf());
  await app.start();
  const library = new Library(app);
  await library.load();
  return library;
}

const gridFor = (library: Library) => gridOf(library.ids.length, 1040, 640, 176);
/** The middle of a cell; five are in a row, and the first id is 1. */
function middle(library: Library, index: number): Point {
  const grid = gridFor(library);
  const { x, y } = placeOf(grid, index, 0);
  return { x: x + grid.cellWidth / 2, y: y + 40 };
}

function drawn(library: Library, kind: BandKind, from: number, ...to: number[]): { band: Band; last: Point } {
  const band = new Band(library, gridFor(library), middle(library, from), kind);
  let last = middle(library, from);
  for (const index of to) band.reach(gridFor(library), (last = middle(library, index)));
  return { band, last };
}

describe("a band", () => {
  it("selects what it touches, and lets go of what it has left", async () => {
    const library = await loaded();
    library.select(30, "only");
    drawn(library, "only", 6, 13);
    expect([...library.app.scope.selected]).toEqual([7, 8, 9, 12, 13, 14]);
    drawn(library, "only", 6, 18, 48, 7, 2);
    expect([...library.app.scope.selected]).toEqual([2, 3, 7, 8]);
    expect(library.app.scope.selected.size).toBe(4);
  });

  it("adds to what was selected, or turns it over", async () => {
    const library = await loaded();
    library.app.scope.selected = Selection.of([7, 30]);
    drawn(library, "add", 6, 18, 7);
    expect([...library.app.scope.selected]).toEqual([7, 8, 30]);
    drawn(library, "toggle", 6, 23, 8);
    expect([...library.app.scope.selected]).toEqual([9, 30]);
  });

  it("is taken back whole", async () => {
    const library = await loaded();
    library.app.scope.selected = Selection.of([7, 30]);
    drawn(library, "only", 0, 59, 12).band.takeBack();
    expect([...library.app.scope.selected]).toEqual([7, 30]);
  });

  it("leaves the keyboard in the corner to which it was drawn", async () => {
    const library = await loaded();
    const { band, last } = drawn(library, "only", 13, 6);
    band.end(last);
    expect(library.active).toBe(6);
    library.select(11, "extend");
    expect([...library.app.scope.selected]).toEqual([12, 13, 14]);
  });

  it("goes on over a list that changes meanwhile", async () => {
    const library = await loaded();
    const { band, last } = drawn(library, "only", 0, 6);
    await library.question.type("cat_");
    await library.load();
    band.reach(gridFor(library), last);
    expect([...library.app.scope.selected]).toEqual([...library.ids.slice(0, 2), ...library.ids.slice(5, 7)]);
  });

  it("looks only at cells that came in or went out, among 100,000", async () => {
    const library = await loaded();
    library.ids = Uint32Array.from({ length: 100_000 }, (_, index) => index + 1);
    const { band } = drawn(library, "only", 0, 99_994);
    expect(library.app.scope.selected.size).toBe(99_995);
    const toggled = vi.spyOn(Selection.prototype, "toggled");
    band.reach(gridFor(library), middle(library, 99_989));
    expect(toggled.mock.calls.map(([ids]) => ids)).toEqual([[99_991, 99_992, 99_993, 99_994, 99_995]]);
    toggled.mockClear();
    band.reach(gridFor(library), middle(library, 99_989));
    expect(toggled).not.toHaveBeenCalled();
  });
});
