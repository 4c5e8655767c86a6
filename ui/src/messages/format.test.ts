import { describe, expect, it } from "vitest";

import {
  confidence,
  costAndEstimate,
  likelyMoney,
  count,
  date,
  dayOfYear,
  duration,
  enoughMoney,
  exactMoney,
  money,
  moneyBeside,
  moneyParts,
  names,
  percent,
  period,
  taken,
  takenWithZone,
} from "./format";

const DOLLAR = 1;

describe("money", () => {
  it.each([
    [0, "$0"],
    [0.0004 * DOLLAR, "$0.0004"],
    [0.0234 * DOLLAR, "$0.023"],
    [0.0996 * DOLLAR, "$0.10"],
    [0.409 * DOLLAR, "$0.41"],
    [1 * DOLLAR, "$1.00"],
    [13.306 * DOLLAR, "$13.31"],
    [4321 * DOLLAR, "$4,321.00"],
    [5e-9, "under $0.000001"],
  ])("says %d dollars as %s", (dollars, said) => expect(money(dollars)).toBe(said));
});

it("says a cost and its estimate with one precision, and the bound rounded up", () => {
  const estimate = { likely_low: 0.02871, expected: 0.05216, likely_high: 0.0811, at_most: 0.29602 };
  expect(costAndEstimate(0.104, estimate)).toEqual({
    cost: "$0.104",
    estimate: "$0.052",
    likely: "$0.029–0.081",
    bound: "$0.297",
  });
  expect(costAndEstimate(12.4, { likely_low: 9, expected: 12, likely_high: 15, at_most: 1300 })).toEqual({
    cost: "$12.40",
    estimate: "$12.00",
    likely: "$9.00–15.00",
    bound: "$1,300.00",
  });
  expect(costAndEstimate(0, estimate).cost).toBe("$0");
  const dear = costAndEstimate(0.1, { likely_low: 0.041, expected: 0.084, likely_high: 0.16, at_most: 34.13 });
  expect([dear.likely, dear.bound]).toEqual(["$0.041–0.160", "$34.13"]);
});

it.each([
  [0.312, 0.544, "$0.31–0.54"],
  [0.00024, 0.544, "$0.00024–0.54"],
  [0, 1234.5, "$0–1,234.50"],
  [0.312, 0.312, "$0.31"],
])("says a likely range from %d to %d as %s", (low, high, said) =>
  expect(likelyMoney({ likely_low: low, expected: low, likely_high: high, at_most: 9 })).toBe(said),
);

it("says a sum as finely as the parts beside it", () => {
  expect(moneyBeside(0.18423 * DOLLAR, 0.0022 * DOLLAR)).toBe("$0.1842");
  expect(moneyBeside(0.5 * DOLLAR, 0.2 * DOLLAR)).toBe("$0.50");
});

describe("a limit", () => {
  it.each([
    [0.6, "$0.60"],
    [0.605, "$0.605"],
    [1234.5, "$1,234.50"],
    [0.000000000001, "$0.000000000001"],
  ])("of %d dollars is not rounded", (dollars, said) => expect(exactMoney(dollars * DOLLAR)).toBe(said));

  it.each([
    [0, "$0"],
    [0.002312, "$0.0024"],
    [0.41, "$0.41"],
    [0.4101, "$0.42"],
    [3.001, "$3.01"],
  ])("that needs %d dollars is said to be enough", (dollars, said) => expect(enoughMoney(dollars)).toBe(said));
});

describe("a sum of money", () => {
  it.each([
    [[0.10058, 0.00347, 0.30495], ["$0.10058", "$0.00347", "$0.30495"], "$0.40900"],
    [[0.0000014, 0.0000014, 0.0000014], ["$0.000001400", "$0.000001400", "$0.000001400"], "$0.000004200"],
    // Rounded individually, these would add up to 10.002.
    [[3.3335, 3.3335, 3.3335], ["$3.334", "$3.334", "$3.333"], "$10.001"],
    [[0, 0], ["$0.000000000", "$0.000000000"], "$0.000000000"],
  ])("is what its parts %s add up to", (parts, said, sum) => expect(moneyParts(parts)).toEqual({ parts: said, sum }));
});

it("says a day of the calendar, whatever the time zone", () => {
  expect(date("2026-11-03")).toBe("3 Nov 2026");
  expect(dayOfYear("2026-11-30")).toBe("30 Nov");
});

describe("duration", () => {
  it.each([
    [0, "0 s"],
    [0.3, "under 1 ms"],
    [3, "3 ms"],
    [84, "84 ms"],
    [999.4, "999 ms"],
    [999.6, "1 s"],
    [1400, "1.4 s"],
    [9960, "10 s"],
    [20_000, "20 s"],
    [59_700, "1 min"],
    [205_000, "3 min 25 s"],
    [3_599_800, "1 h"],
    [7_500_000, "2 h 5 min"],
    [273_600_000, "3 d 4 h"],
  ])("says %d ms as %s", (milliseconds, said) => expect(duration(milliseconds)).toBe(said));
});

it("counts with separators", () => {
  expect(count(214)).toBe("214");
  expect(count(12_486)).toBe("12,486");
});

it("never rounds a share to all or nothing", () => {
  expect(percent(1)).toBe("100 %");
  expect(percent(0.9999)).toBe("99 %");
  expect(percent(0.0001)).toBe("1 %");
  expect(percent(0)).toBe("0 %");
});

it("says a confidence in two digits", () => {
  expect(confidence(0.914)).toBe(".91");
  expect(confidence(0.999)).toBe("1.0");
});

it("names the first of many", () => {
  expect(names(["cup", "spoon"])).toBe("cup, spoon");
  expect(names(["a", "b", "c", "d"], 2)).toBe("a, b and 2 more");
});

describe("when a photo was taken", () => {
  it("is what its camera's clock showed, and where that was if it is known", () => {
    const clock_millis = Date.UTC(2026, 4, 14, 10, 32, 5);
    const at = (minutes_ahead_of_utc: number | null) => takenWithZone({ clock_millis, minutes_ahead_of_utc });
    expect(at(null)).toBe("14 May 2026, 10:32");
    expect(taken({ clock_millis, minutes_ahead_of_utc: 120 })).toBe("14 May 2026, 10:32");
    expect(at(120)).toBe("14 May 2026, 10:32 (UTC+2)");
    expect(at(-210)).toBe("14 May 2026, 10:32 (UTC−3:30)");
  });

  it.each([
    ["2026-05-01", "2026-05-31", ["May 2026", "May 2026"]],
    ["2024-02-01", "2024-02-29", ["February 2024", "February 2024"]],
    ["2024-01-01", "2025-12-31", ["2024", "2025"]],
    ["2026-05-01", "2026-06-30", ["May 2026", "June 2026"]],
    ["2026-05-01", "2026-05-30", ["1 May 2026", "30 May 2026"]],
  ])("from %s to %s", (least, most, ends) => expect(period(least, most).ends).toEqual(ends));
});
