import { expect, it } from "vitest";

import { type Days, periodsOf } from "./periods";

const month = (name: string): Days => ({ kind: "between", least: `${name}-01`, most: `${name}-28` });
const counted = (names: string[]) => names.map((name) => ({ filter: month(name), count: 2 }));
const year = (name: string): Days => ({ kind: "between", least: `${name}-01-01`, most: `${name}-12-31` });

it("lists few months as they are", () => {
  const rows = periodsOf(counted(["2026-02", "2025-02"]), null);
  expect(rows.map(({ days, count, isWithin }) => [days, count, isWithin])).toEqual([
    [month("2026-02"), 2, false],
    [month("2025-02"), 2, false],
  ]);
});

it("lists many months as years, and opens the one that is asked for", () => {
  const names = ["2026-02", "2026-01", ...Array.from({ length: 12 }, (_, place) => `2024-${12 - place}`)];
  expect(periodsOf(counted(names), null).map(({ days, count }) => [days, count])).toEqual([
    [year("2026"), 4],
    [year("2024"), 24],
  ]);
  const open = [year("2026"), month("2026-02"), month("2026-01"), year("2024")];
  for (const chosen of [year("2026"), month("2026-01")])
    expect(periodsOf(counted(names), chosen).map(({ days }) => days)).toEqual(open);
});
