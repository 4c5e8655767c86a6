/** The counts beside filters, as the core in memory counts them: image by image. */
import type { Check, Condition, FilterCounts, RunCount, Test } from "../../bindings";
import { daysOf, monthOf } from "../taken";
import { type Facts, holds, holdsAll, standingAnnotations } from "./match";
import { KNOWN } from "./words";

type Counted = { filter: unknown; count: number };

const CONFIDENCES = [
  { kind: "below", value: 0.5 },
  { kind: "between", least: 0.5, most: 0.8 },
  { kind: "above", value: 0.8 },
] as const;

/** `inScope` are the images of the collection in question, `everywhere` all. */
export function filterCounts(
  conditions: readonly Condition[],
  inScope: Iterable<Facts>,
  everywhere: Iterable<Facts> | null,
  folders: readonly { id: number; name: string; count: number }[],
  runs: readonly RunCount[],
  colorOf: (label: string) => number,
): FilterCounts {
  const without = (kind: Test["kind"]) => conditions.filter(({ test }) => test.kind !== kind);
  const tests = <Filter>(kind: Test["kind"], filters: readonly Filter[], test: (filter: Filter) => Test) => {
    const counts = filters.map((filter) => ({ filter, count: 0 }));
    return { others: without(kind), counts, test: test as (filter: never) => Test };
  };
  const states = ["unreviewed", "reviewed", "confirmed_empty", "failed", "running"] as const;
  const traits = KNOWN.has as readonly ("annotations" | "answer" | "attributes")[];
  const groups = {
    states: tests("image", states, (state) => ({ kind: "image", state })),
    confidences: tests("confidence", CONFIDENCES, (span) => ({ kind: "confidence", span })),
    annotations: tests("annotation", KNOWN.annotation as never[], (status) => ({ kind: "annotation", status })),
    traits: tests("has", traits, (what) => ({ kind: "has", what })),
    checks: tests("check", KNOWN.check as Check[], (check) => ({ kind: "check", check })),
    failures: tests("failure", KNOWN.failed as never[], (failure) => ({ kind: "failure", failure })),
    runs: tests(
      "run",
      runs.map(({ run }) => run),
      (run) => ({ kind: "run", run }),
    ),
  };
  const withoutTaken = without("taken");
  const months = new Map<string, number>();
  const labels = new Map<string, number>();
  let [found, inAnyState, ofAnyTrait] = [0, 0, 0];
  for (const facts of inScope) {
    for (const { others, counts, test } of Object.values(groups)) {
      if (!holdsAll(others, facts)) continue;
      for (const each of counts as Counted[]) if (holds(test(each.filter as never), facts)) each.count += 1;
    }
    if (holdsAll(groups.states.others, facts)) inAnyState += 1;
    if (holdsAll(groups.traits.others, facts)) ofAnyTrait += 1;
    const { taken } = facts.card;
    if (taken && holdsAll(withoutTaken, facts)) months.set(monthOf(taken), (months.get(monthOf(taken)) ?? 0) + 1);
    const here = holdsAll(conditions, facts);
    if (here) found += 1;
    for (const label of new Set(standingAnnotations(facts.card).map((annotation) => annotation.label)))
      labels.set(label, (labels.get(label) ?? 0) + (here ? 1 : 0));
  }
  const collections = folderCounts(without("in"), everywhere, folders);
  return {
    found,
    in_any_state: inAnyState,
    states: groups.states.counts,
    everywhere: collections.reduce((sum, { count }) => sum + count, 0),
    collections,
    labels: [...labels]
      .map(([name, count]) => ({ name, color: colorOf(name), count }))
      .sort((one, other) => other.count - one.count),
    confidences: groups.confidences.counts as never,
    annotations: groups.annotations.counts,
    traits: groups.traits.counts,
    lacking: groups.traits.counts.map(({ filter, count }) => ({ filter, count: ofAnyTrait - count })),
    checks: groups.checks.counts.filter(({ count }) => count > 0),
    unchecked: 0,
    taken: [...months]
      .sort(([one], [other]) => (one < other ? 1 : -1))
      .map(([month, count]) => ({ filter: daysOf(month), count })),
    failures: groups.failures.counts.filter(({ count }) => count > 0),
    runs: runs.map((run, place) => ({ ...run, count: groups.runs.counts[place]?.count ?? 0 })),
  };
}

function folderCounts(
  conditions: readonly Condition[],
  everywhere: Iterable<Facts> | null,
  folders: readonly { id: number; name: string; count: number }[],
): FilterCounts["collections"] {
  if (everywhere === null) return folders.map(({ id, count }) => ({ filter: id, count }));
  const counts = new Map(folders.map(({ name }) => [name, 0]));
  for (const facts of everywhere)
    if (holdsAll(conditions, facts)) counts.set(facts.folder, (counts.get(facts.folder) ?? 0) + 1);
  return folders.map(({ id, name }) => ({ filter: id, count: counts.get(name) ?? 0 }));
}
