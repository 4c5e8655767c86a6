import { expect, it } from "vitest";

import { Selection } from "./selection";

it("holds ids, however many", () => {
  const all = Selection.of(Uint32Array.from({ length: 100_000 }, (_, place) => place + 1));
  expect(all.size).toBe(100_000);
  expect([all.has(1), all.has(100_000), all.has(0), all.has(100_001)]).toEqual([true, true, false, false]);
  const few = all.within([64, 5, 31, 32, 200_000]);
  expect([...few]).toEqual([5, 31, 32, 64]);
  expect([...few.toggled([31, 1000])]).toEqual([5, 32, 64, 1000]);
  expect(few.toggled([31, 1000]).size).toBe(4);
  expect(few.within([5, 31, 32, 64, 65])).toBe(few);
  expect([...Selection.none]).toEqual([]);
});
