import { describe, expect, it } from "vitest";

import type { SampleMark, SampleVerdict } from "../ipc/bindings";
import { findingOf, upperBound } from "./bound";

describe("the bound", () => {
  // Of tables of the beta distribution: its 95 % quantile with wrong + 1 and judged - wrong.
  it.each([
    [0, 1, 0.95],
    [0, 50, 0.0582],
    [1, 50, 0.0914],
    [5, 50, 0.19883],
    [0, 300, 0.00994],
    [10, 300, 0.0559],
    [49, 50, 0.99897],
  ])("of %i wrong among %i is %f", (wrong, judged, bound) => {
    expect(upperBound(wrong, judged)).toBeCloseTo(bound, 4);
  });

  it("is everything when everything was wrong, and stands on small chances too", () => {
    expect(upperBound(3, 3)).toBe(1);
    expect(upperBound(100, 2000)).toBeGreaterThan(0.05);
    expect(upperBound(100, 2000)).toBeLessThan(0.06);
  });
});

it("what is not looked at does not count", () => {
  const sample = (...verdicts: (SampleVerdict | null)[]): SampleMark[] =>
    verdicts.map((verdict, place) => ({ image: place, mark: place, verdict }));
  expect(findingOf(sample(null, null))).toBeNull();
  expect(findingOf(sample("right", null, "wrong", "right"))).toMatchObject({ judged: 3, wrong: 1, rate: 1 / 3 });
});
