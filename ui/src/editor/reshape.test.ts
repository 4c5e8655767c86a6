import { describe, expect, it } from "vitest";

import type { Shape } from "../api/bindings";
import {
  boxBetween,
  cornerAt,
  cornersOf,
  duplicated,
  handleAt,
  handlesOf,
  moved,
  draggedHandle,
  resized,
  snapped,
  snappedShift,
  withCornerAfter,
  withCornerMoved,
  withoutCorner,
} from "./reshape";

const IMAGE = { width: 400, height: 300 };

function box(x1: number, y1: number, x2: number, y2: number): Shape {
  return { kind: "box", rect: { x1, y1, x2, y2 } };
}

const TRIANGLE: Shape = {
  kind: "polygon",
  points: [
    { x: 10, y: 10 },
    { x: 110, y: 10 },
    { x: 10, y: 110 },
  ],
};

describe("handles", () => {
  it("of a box are eight, and four where the middle ones would run into them", () => {
    expect(handlesOf(box(0, 0, 100, 100), 7)).toHaveLength(8);
    expect(handlesOf(box(0, 0, 100, 20), 7)).toHaveLength(6);
    expect(handlesOf(box(0, 0, 20, 20), 7)).toHaveLength(4);
  });

  it("of a polygon are its corners, and the middles of long edges", () => {
    expect(handlesOf(TRIANGLE, 7)).toHaveLength(6);
    expect(handlesOf(TRIANGLE, 25)).toHaveLength(4);
    expect(handlesOf({ kind: "point", at: { x: 3, y: 3 } }, 7)).toEqual([]);
    expect(handlesOf({ kind: "image_tag" }, 7)).toEqual([]);
  });

  it("are taken hold of from nearby, the nearest one", () => {
    const shape = box(100, 100, 200, 180);
    expect(handleAt(shape, { x: 103, y: 96 }, 7, 8)).toEqual({ kind: "side", across: -1, down: -1 });
    expect(handleAt(shape, { x: 204, y: 141 }, 7, 8)).toEqual({ kind: "side", across: 1, down: 0 });
    expect(handleAt(shape, { x: 150, y: 140 }, 7, 8)).toBeNull();
    expect(handleAt(TRIANGLE, { x: 60, y: 11 }, 7, 8)).toEqual({ kind: "between", index: 0 });
  });
});

describe("a point of the image", () => {
  it("lies on whole pixels and within", () => {
    expect(snapped({ x: 12.4, y: 99.6 }, IMAGE, 0)).toEqual({ x: 12, y: 100 });
    expect(snapped({ x: -30, y: 999 }, IMAGE, 0)).toEqual({ x: 0, y: 300 });
  });

  it("is the edge's when it comes near", () => {
    expect(snapped({ x: 5, y: 294 }, IMAGE, 6)).toEqual({ x: 0, y: 300 });
    expect(snapped({ x: 7, y: 293 }, IMAGE, 6)).toEqual({ x: 7, y: 293 });
  });
});

describe("a box between two points", () => {
  it("is the same whichever comes first, and never without extent", () => {
    const rect = { x1: 10, y1: 20, x2: 50, y2: 60 };
    expect(boxBetween({ x: 50, y: 20 }, { x: 10, y: 60 }, IMAGE)).toEqual(rect);
    expect(boxBetween({ x: 10, y: 10 }, { x: 10, y: 10 }, IMAGE)).toEqual({ x1: 10, y1: 10, x2: 11, y2: 11 });
    expect(boxBetween({ x: 400, y: 300 }, { x: 400, y: 300 }, IMAGE)).toEqual({ x1: 399, y1: 299, x2: 400, y2: 300 });
  });

  it("is as high as wide when asked, as far as the image goes", () => {
    expect(boxBetween({ x: 100, y: 100 }, { x: 150, y: 110 }, IMAGE, true)).toEqual({
      x1: 100,
      y1: 100,
      x2: 150,
      y2: 150,
    });
    expect(boxBetween({ x: 100, y: 40 }, { x: 300, y: 10 }, IMAGE, true)).toEqual({ x1: 100, y1: 0, x2: 140, y2: 40 });
  });
});

describe("resizing", () => {
  it("moves the side that is held and no other", () => {
    const shape = box(100, 100, 200, 180);
    const right = { kind: "side", across: 1, down: 0 } as const;
    expect(resized(shape, right, { x: 250, y: 7 }, IMAGE)).toEqual(box(100, 100, 250, 180));
    const corner = { kind: "side", across: -1, down: 1 } as const;
    expect(resized(shape, corner, { x: 90, y: 200 }, IMAGE)).toEqual(box(90, 100, 200, 200));
  });

  it("turns a box over when a side passes the other", () => {
    const left = { kind: "side", across: -1, down: 0 } as const;
    expect(resized(box(100, 100, 200, 180), left, { x: 260, y: 0 }, IMAGE)).toEqual(box(200, 100, 260, 180));
  });

  it("pulls a corner of a polygon, and a new one out of an edge", () => {
    const corner = { kind: "corner", index: 1 } as const;
    expect(resized(TRIANGLE, corner, { x: 120, y: 5 }, IMAGE)).toMatchObject({ points: { 1: { x: 120, y: 5 } } });
    const between = { kind: "between", index: 2 } as const;
    const more = resized(TRIANGLE, between, { x: 0, y: 60 }, IMAGE);
    expect(more).toMatchObject({ points: { 3: { x: 0, y: 60 }, length: 4 } });
    expect(draggedHandle(between)).toEqual({ kind: "corner", index: 3 });
  });

  it("takes corners away as long as three are left", () => {
    expect(withoutCorner(TRIANGLE, 0)).toBeNull();
    const square = resized(TRIANGLE, { kind: "between", index: 1 }, { x: 110, y: 110 }, IMAGE);
    expect(withoutCorner(square, 2)).toEqual(TRIANGLE);
  });
});

describe("a corner", () => {
  it("of a box takes its two sides along, and stops before the other sides and at the image's edge", () => {
    const shape = box(100, 100, 200, 180);
    expect(cornersOf(shape)[1]).toEqual({ x: 200, y: 100 });
    expect(withCornerMoved(shape, 1, 7, -10, IMAGE)).toEqual(box(100, 90, 207, 180));
    expect(withCornerMoved(shape, 3, 500, 500, IMAGE)).toEqual(box(199, 100, 200, 300));
    expect(cornerAt({ kind: "side", across: 1, down: -1 })).toBe(1);
    expect(cornerAt({ kind: "side", across: 0, down: -1 })).toBeNull();
  });

  it("of a polygon moves alone, and another one comes half-way to the next", () => {
    expect(withCornerMoved(TRIANGLE, 2, -20, 5, IMAGE)).toMatchObject({ points: { 2: { x: 0, y: 115 } } });
    const more = withCornerAfter(TRIANGLE, 2);
    expect(more).toMatchObject({ points: { 3: { x: 10, y: 60 }, length: 4 } });
    expect(more && withoutCorner(more, 3)).toEqual(TRIANGLE);
    expect(withCornerAfter(box(0, 0, 9, 9), 0)).toBeNull();
  });
});

describe("moving", () => {
  it("stops at the image's edge and keeps the shape whole", () => {
    expect(moved([box(100, 100, 200, 180)], 500, -500, IMAGE)).toEqual([box(300, 0, 400, 80)]);
    expect(moved([TRIANGLE], -50, 5, IMAGE)).toMatchObject([{ points: { 0: { x: 0, y: 15 }, 1: { x: 100, y: 15 } } }]);
    expect(moved([{ kind: "point", at: { x: 1, y: 1 } }], -9, 3, IMAGE)).toEqual([
      { kind: "point", at: { x: 0, y: 4 } },
    ]);
    expect(moved([{ kind: "image_tag" }], 9, 9, IMAGE)).toEqual([{ kind: "image_tag" }]);
  });

  it("takes several along as they lie to each other", () => {
    const shapes = [box(10, 10, 50, 50), { kind: "image_tag" } as const, box(60, 80, 90, 120)];
    expect(moved(shapes, -30, 200, IMAGE)).toEqual([
      box(0, 190, 40, 230),
      { kind: "image_tag" },
      box(50, 260, 80, 300),
    ]);
    expect(snappedShift(shapes, -7, 9, IMAGE, 6)).toEqual({ x: -10, y: 9 });
    expect(duplicated([box(10, 10, 50, 50), box(360, 10, 395, 50)], 12, IMAGE)).toEqual([
      box(0, 22, 40, 62),
      box(350, 22, 385, 62),
    ]);
  });

  it("keeps the fractions that a model has said", () => {
    expect(moved([box(100.25, 100, 200.5, 180)], 3, 0, IMAGE)).toEqual([box(103.25, 100, 203.5, 180)]);
  });

  it("is drawn to the edge from nearby", () => {
    expect(snappedShift([box(100, 100, 200, 180)], -96, 117, IMAGE, 6)).toEqual({ x: -100, y: 120 });
    expect(snappedShift([box(100, 100, 200, 180)], -90, 100, IMAGE, 6)).toEqual({ x: -90, y: 100 });
  });
});

it("a copy lies beside its original, on the side where there is room", () => {
  expect(duplicated([box(10, 10, 50, 50)], 12, IMAGE)).toEqual([box(22, 22, 62, 62)]);
  expect(duplicated([box(350, 250, 400, 300)], 12, IMAGE)).toEqual([box(338, 238, 388, 288)]);
});
