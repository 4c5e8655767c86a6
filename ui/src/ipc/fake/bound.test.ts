import { describe, expect, it } from "vitest";

import type { SampledAnnotation, SampleVerdict } from "../bindings";
import { cleanSample, findingOf, moreFor, upperBound } from "./bound";

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
  const sample = (...verdicts: (SampleVerdict | null)[]): SampledAnnotation[] =>
    verdicts.map((verdict, place) => ({ image: place, annotation: place, verdict }));
  expect(findingOf(sample(null, null))).toBeNull();
  expect(findingOf(sample("right", null, "wrong", "right"))).toMatchObject({ judged: 3, wrong: 1, rate: 1 / 3 });
});

describe("a larger sample", () => {
  const finding = (judged: number, wrong: number) => ({
    judged,
    wrong,
    rate: wrong / judged,
    at_most: upperBound(wrong, judged),
  });

  it("is as large as brings the bound to the limit, if it is as good as the first", () => {
    expect(cleanSample(0.05)).toBe(59);
    expect(upperBound(0, 59)).toBeLessThanOrEqual(0.05);
    expect(upperBound(0, 58)).toBeGreaterThan(0.05);
    for (const [judged, wrong] of [
      [20, 0],
      [50, 1],
      [100, 3],
    ] as const) {
      const more = moreFor(finding(judged, wrong), 0.05) ?? 0;
      const all = judged + more;
      expect(more).toBeGreaterThan(0);
      expect(upperBound(Math.round((wrong / judged) * all), all)).toBeLessThanOrEqual(0.05);
    }
  });

  it("is not proposed where none would do", () => {
    expect(moreFor(finding(50, 3), 0.05)).toBeNull();
    expect(moreFor(finding(5, 5), 0.05)).toBeNull();
  });
});
