import { expect, it } from "vitest";

import type { Choice, ChosenPair } from "../api/bindings";
import { choiceOf, type Compared, isRejected, undecided, withChoice } from "./choices";

function pair(agreement: ChosenPair["agreement"], choice: Choice | null, isOpen = false): ChosenPair {
  const nothing = { first: null, second: null, iou: 0 };
  return { ...nothing, agreement, choice, can_keep_both: true, is_agreement_open: isOpen };
}

const compared: Compared = {
  sides: { first: { kind: "run", run: 2 }, second: { kind: "run", run: 1 } },
  card: {
    id: 7,
    name: "a.jpg",
    size: { width: 100, height: 100 },
    review: "unreviewed",
    taken: null,
    is_annotated: true,
    is_running: false,
    failure: null,
    annotations: [],
  },
  pairs: [pair("relabelled", "first"), pair("only_second", null), pair("only_first", null), pair("agreed", null, true)],
  passed: new Set([2]),
};

it("shows what the core says, and removed pairs for which nothing is stored", () => {
  expect([0, 1, 2, 9].map((place) => choiceOf(compared, place))).toEqual(["first", null, "neither", null]);
  expect(undecided(compared)).toEqual([1]);
  expect([isRejected(compared, 0, "first"), isRejected(compared, 0, "second")]).toEqual([false, true]);
});

it("shows a choice while it is stored", () => {
  const chosen = withChoice(compared, { kind: "pair", index: 1, choice: "both" });
  expect([choiceOf(chosen, 1), undecided(chosen)]).toEqual(["both", []]);
  const agreed = withChoice(compared, { kind: "agreed" });
  expect(agreed.pairs.map(({ is_agreement_open }) => is_agreement_open)).toEqual([false, false, false, false]);
  expect(undecided(agreed)).toEqual([1]);
});
