import { describe, expect, it } from "vitest";

import {
  type ChartSpec,
  COUNT_STEPS,
  lastPoint,
  pointAfter,
  readingsAt,
  roundUp,
  spokenAt,
  tickLabels,
  TIME_STEPS,
} from "./spec";

const AXIS = { from: 0, to: 10, format: String };
const SPEC: ChartSpec = {
  x: [0, 10, 20, 30],
  series: [
    { name: "Rate", values: [1, 2, null, null], format: (value) => `${value} / min`, kind: "line", color: "accent" },
    { name: "At once", values: [null, 14, null, 8], format: String, kind: "step", color: "text-faint" },
    { name: "Again", values: [1, 2, 3, 4], format: String, kind: "point", color: "accent", isUnread: true },
  ],
  xAxis: AXIS,
  yAxis: AXIS,
  formatPoint: (x) => `${x} s`,
};
const MEASURED: ChartSpec = { ...SPEC, series: SPEC.series.slice(0, 2) };

describe("a point of a chart", () => {
  it("is read as it is stored, without what was not measured", () => {
    expect(readingsAt(SPEC, 1).map(({ text }) => text)).toEqual(["2 / min", "14"]);
    expect(readingsAt(SPEC, 3).map(({ text }) => text)).toEqual(["8"]);
    expect(readingsAt(SPEC, 9)).toEqual([]);
    expect(spokenAt(SPEC, 1)).toBe("10 s: Rate 2 / min, At once 14");
  });

  it("is reached by keys, over points without a value and not beyond the ends", () => {
    expect(lastPoint(MEASURED)).toBe(3);
    expect(pointAfter("ArrowLeft", 3, MEASURED)).toBe(1);
    expect(pointAfter("ArrowRight", 1, MEASURED)).toBe(3);
    expect(pointAfter("ArrowRight", 3, MEASURED)).toBe(3);
    expect(pointAfter("Home", 3, MEASURED)).toBe(0);
    expect(pointAfter("ArrowLeft", 0, MEASURED)).toBe(0);
    expect(pointAfter("End", 0, MEASURED)).toBe(3);
    expect(pointAfter("PageUp", 3, MEASURED)).toBe(1);
    expect(pointAfter("PageDown", 0, MEASURED)).toBe(1);
    expect(pointAfter("ArrowLeft", null, MEASURED)).toBe(1);
    expect(pointAfter("a", 1, MEASURED)).toBeUndefined();
  });
});

describe("an axis", () => {
  it("ends at a round number", () => {
    expect(roundUp(62)).toBe(75);
    expect(roundUp(2400)).toBe(3000);
    expect(roundUp(0)).toBe(1);
    expect(roundUp(100)).toBe(100);
  });

  it("has no label twice in a row", () => {
    const minutes = (value: number) => `${Math.round(value)} min`;
    expect(tickLabels([0.8, 1, 1.2, 1.6, 2], minutes)).toEqual(["1 min", "", "", "2 min", ""]);
    expect(tickLabels([], minutes)).toEqual([]);
  });

  it("has ascending steps", () => {
    for (const steps of [TIME_STEPS, COUNT_STEPS]) expect([...steps].sort((one, other) => one - other)).toEqual(steps);
  });
});
