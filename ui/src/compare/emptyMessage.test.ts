import { expect, it } from "vitest";

import type { Comparison } from "../api/bindings";
import { coreOf } from "../../test/core";
import type { Sides } from "../api/bindings";
import { emptyMessage } from "./emptyMessage";

const RUNS: Sides = { first: { kind: "run", run: 2 }, second: { kind: "run", run: 1 } };
const WITH_PEOPLE: Sides = { first: { kind: "run", run: 2 }, second: { kind: "decided" } };
const comparison = (images: number, agreed: number): Comparison => ({
  images,
  things: { agreed, relabelled: 0, only_first: 0, only_second: 0 },
  differing: [],
});

it.each<[string, Sides | null, Comparison | null, number, boolean]>([
  ["Nothing to compare yet", null, null, 0, false],
  ["Nothing to compare with yet", WITH_PEOPLE, comparison(0, 0), 1, false],
  ["These sides have no images in common", RUNS, comparison(0, 0), 2, false],
  ["Both agree on all 52 images", RUNS, comparison(52, 180), 2, false],
  ["Both agree on the one image", WITH_PEOPLE, comparison(1, 1), 1, false],
  ["The comparison failed", RUNS, null, 2, true],
])("says: %s", async (title, sides, compared, number, hasFailed) => {
  const { runs } = await coreOf();
  expect(emptyMessage(sides, compared, (await runs()).slice(0, number), hasFailed).title).toBe(title);
});

it("asks for a review if nothing is decided yet", async () => {
  const { runs } = await coreOf();
  expect(emptyMessage(WITH_PEOPLE, comparison(0, 0), await runs(), false).title).toMatch(
    /^None of these images is reviewed/,
  );
});
