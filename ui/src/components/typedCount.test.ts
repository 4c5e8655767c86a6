import { expect, it } from "vitest";

import { typedCount } from "./typedCount";

it.each([
  ["1", 1],
  [" 64 ", 64],
  ["2,000", 2000],
  ["2,000,000", 2_000_000],
])("reads %j", (typed, count) => expect(typedCount(typed, 1, 1e9)).toEqual({ count, isWrong: false }));

it("takes an empty field for no number", () =>
  expect(typedCount("  ", 1, 64)).toEqual({ count: null, isWrong: false }));

it.each(["0", "65", "1.5", "-3", "many", "1e1", "6,4"])("does not take %j", (typed) =>
  expect(typedCount(typed, 1, 64)).toEqual({ count: null, isWrong: true }),
);
