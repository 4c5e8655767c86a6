import { describe, expect, it } from "vitest";

import type { Annotation, ImageCard, Rect, Shape } from "../api/bindings";
import { FIT_MARGIN, Viewport } from "../photo/viewport.svelte";
import { frame } from "./framing";

const room = { width: 1000, height: 800 };
const size = { width: 4000, height: 3000 };

/** The viewport after an annotation is shown. */
function framed(shape: Shape, isWhole = false): Viewport {
  const viewport = new Viewport();
  viewport.resize(room, 1);
  viewport.show(size);
  frame(viewport, { card: { size } as ImageCard, annotation: { shape } as Annotation }, isWhole);
  return viewport;
}

function box(rect: Rect): Shape {
  return { kind: "box", rect };
}

describe("an annotation with its surroundings", () => {
  it("stands in the middle, about half as large as the room", () => {
    const { scale, offset } = framed(box({ x1: 1900, y1: 1400, x2: 2100, y2: 1600 }));
    expect(offset.x + 2000 * scale).toBeCloseTo(500);
    expect(offset.y + 1500 * scale).toBeCloseTo(400);
    // At least a tenth of the image is shown around an annotation.
    expect(scale).toBeCloseTo((800 * 0.45) / 400);
  });

  it("in a corner shows the corner and not what is beside the image", () => {
    const { scale, offset } = framed(box({ x1: 0, y1: 2600, x2: 400, y2: 3000 }));
    expect(offset.x).toBe(FIT_MARGIN);
    expect(offset.y + 3000 * scale).toBeCloseTo(800 - FIT_MARGIN);
  });

  it("is never smaller than the whole image", () => {
    const all = box({ x1: 0, y1: 0, x2: 4000, y2: 3000 });
    expect(framed(all).scale).toBe(framed(all, true).scale);
    expect(framed(all).isFitted).toBe(true);
    expect(framed({ kind: "image_tag" }).isFitted).toBe(true);
  });
});
