import { describe, expect, it } from "vitest";
import type { Annotation } from "../api/bindings";
import { annotationsAcross, annotationsAt, nextUnder } from "./hit";

function annotation(id: number, x1: number, y1: number, x2: number, y2: number): Annotation {
  return {
    id,
    origin: { kind: "run", run: 1 },
    propagated_from: null,
    label: "thing",
    color: 1,
    shape: { kind: "box", rect: { x1, y1, x2, y2 } },
    confidence: 0.5,
    attributes: {},
    status: "proposed",
    reject_reason: null,
  };
}

describe("a click", () => {
  const annotations = [annotation(1, 0, 0, 100, 100), annotation(2, 10, 10, 40, 40), annotation(3, 5, 5, 60, 60)];

  it("means the smallest box under it", () => {
    expect(annotationsAt(annotations, { x: 20, y: 20 }, 0).map(({ id }) => id)).toEqual([2, 3, 1]);
    expect(annotationsAt(annotations, { x: 200, y: 20 }, 0)).toEqual([]);
  });

  it("counts a little beside the edge", () => {
    expect(annotationsAt(annotations, { x: 103, y: 50 }, 4).map(({ id }) => id)).toEqual([1]);
  });

  it("means what is tiny from a little further away, and the one of two that is right under it", () => {
    const tiny = [...annotations, annotation(4, 70, 70, 72, 72), annotation(5, 74, 70, 77, 73)];
    const under = (x: number, y: number) => annotationsAt(tiny, { x, y }, 4).map(({ id }) => id);
    expect(under(71, 78)).toEqual([4, 5, 1]);
    expect(under(76, 71)).toEqual([5, 4, 1]);
    expect(under(71, 84)).toEqual([1]);
  });

  it("with a frame around it means what the frame touches, and not what surrounds it", () => {
    const across = (x1: number, y1: number, x2: number, y2: number) =>
      annotationsAcross(annotations, { x1, y1, x2, y2 }).map(({ id }) => id);
    expect(across(30, 30, 50, 50)).toEqual([2]);
    expect(across(0, 0, 200, 200)).toEqual([1, 2, 3]);
    expect(across(50, 50, 120, 55)).toEqual([1, 3]);
    expect(across(70, 70, 80, 80)).toEqual([]);
  });

  it("goes one below when repeated, and around", () => {
    const stack = annotationsAt(annotations, { x: 20, y: 20 }, 0);
    expect(nextUnder(stack, null, false)?.id).toBe(2);
    expect(nextUnder(stack, 2, true)?.id).toBe(3);
    expect(nextUnder(stack, 1, true)?.id).toBe(2);
    expect(nextUnder(stack, 3, false)?.id).toBe(2);
    expect(nextUnder([], 3, true)).toBeNull();
  });
});

describe("shapes without straight sides", () => {
  const outline = [
    { x: 0, y: 0 },
    { x: 100, y: 0 },
    { x: 0, y: 100 },
  ];
  const polygon: Annotation = { ...annotation(7, 0, 0, 0, 0), shape: { kind: "polygon", points: outline } };
  const point: Annotation = { ...annotation(8, 0, 0, 0, 0), shape: { kind: "point", at: { x: 30, y: 30 } } };

  it("are hit inside and on their outline, not in the rest of their bounds", () => {
    expect(annotationsAt([polygon], { x: 20, y: 20 }, 2)).toHaveLength(1);
    expect(annotationsAt([polygon], { x: 51, y: 51 }, 2)).toHaveLength(1);
    expect(annotationsAt([polygon], { x: 70, y: 70 }, 2)).toHaveLength(0);
  });

  it("points are hit from nearby, and before what they lie in", () => {
    expect(annotationsAt([polygon, point], { x: 32, y: 31 }, 4).map(({ id }) => id)).toEqual([8, 7]);
    expect(annotationsAt([point], { x: 39, y: 30 }, 4)).toEqual([]);
  });
});
