import { expect, it } from "vitest";

import { sorted } from "./sorting";

const rows = [
  { name: "run 10", cost: 2 },
  { name: "run 9", cost: null },
  { name: "Run 2", cost: 11 },
];
const names = (column: "name" | "cost", direction: "ascending" | "descending") =>
  sorted(rows, { column, direction }, (row, by) => row[by]).map(({ name }) => name);

it("sorts numbers as numbers, and numbers in names too", () => {
  expect(names("cost", "ascending")).toEqual(["run 10", "Run 2", "run 9"]);
  expect(names("name", "ascending")).toEqual(["Run 2", "run 9", "run 10"]);
});

it("puts rows without a value last in either direction", () => {
  expect(names("cost", "descending")).toEqual(["Run 2", "run 10", "run 9"]);
});
