import { describe, expect, it } from "vitest";

import { around, whole } from "./framing";

const room = { width: 1000, height: 800 };
const image = { width: 4000, height: 3000 };

describe("a mark with its surroundings", () => {
  it("stands in the middle, about half as large as the room", () => {
    const { scale, x, y } = around({ x1: 1900, y1: 1400, x2: 2100, y2: 1600 }, image, room);
    expect(x + 2000 * scale).toBeCloseTo(500);
    expect(y + 1500 * scale).toBeCloseTo(400);
    // The least extent of what is shown around a mark is a tenth of the image.
    expect(scale).toBeCloseTo((800 * 0.45) / 400);
  });

  it("in a corner shows the corner and not what is beside the image", () => {
    const { scale, x, y } = around({ x1: 0, y1: 2600, x2: 400, y2: 3000 }, image, room);
    expect(x).toBe(24);
    expect(y + 3000 * scale).toBeCloseTo(800 - 24);
  });

  it("is never smaller than the whole image", () => {
    const all = { x1: 0, y1: 0, x2: 4000, y2: 3000 };
    expect(around(all, image, room)).toEqual(whole(image, room));
  });
});

it("the whole image lies in the middle", () => {
  const { scale, x, y } = whole(image, room);
  expect(x).toBeCloseTo((1000 - 4000 * scale) / 2);
  expect(y).toBeCloseTo((800 - 3000 * scale) / 2);
  expect(Math.min(x, y)).toBeGreaterThanOrEqual(24 - 1e-9);
});
