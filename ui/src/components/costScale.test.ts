import { describe, expect, it } from "vitest";

import { powersOfTen, shareOnScale } from "./costScale";

describe("the scale of costs", () => {
  it("gives every factor the same room", () => {
    const scale = { from: 10, to: 1000 };
    expect(shareOnScale(100, scale)).toBeCloseTo(0.5);
    expect(shareOnScale(1, scale)).toBe(0);
    expect(shareOnScale(5000, scale)).toBe(1);
    expect(shareOnScale(7, { from: 7, to: 7 })).toBe(0.5);
  });

  it("is marked at powers of ten, not too many of them and none at its ends", () => {
    expect(powersOfTen({ from: 30, to: 45_000 }, 3)).toEqual([100, 1000, 10_000]);
    expect(powersOfTen({ from: 1, to: 1_000_000 }, 3)).toEqual([10, 1000, 100_000]);
    expect(powersOfTen({ from: 20, to: 90 }, 3)).toEqual([]);
  });
});
