import { describe, expect, it } from "vitest";

import type { ResumeRequest } from "../api/bindings";
import { costBarScale, higherBudget, isAtBudget, labelLefts, type Spending } from "./budget";
import { Resumption } from "./resumption.svelte";

const CENT = 0.01;
const quoted = { likely_low: 10 * CENT, expected: 40 * CENT, likely_high: 60 * CENT, at_most: 160 * CENT };
const half: Spending = {
  spent_dollars: 18 * CENT,
  possibly_billed: { count: 1, at_most_dollars: 1 * CENT },
  budget_dollars: 20 * CENT,
  largest_request_dollars: 3 * CENT,
  quoted_dollars: quoted,
  done: 49,
  failed: 1,
  total: 100,
};

describe("a run at its budget", () => {
  it("is told from others", () => {
    expect(isAtBudget({ kind: "stopped", reason: "budget_reached" })).toBe(true);
    expect(isAtBudget({ kind: "stopped", reason: "paused" })).toBe(false);
    expect(isAtBudget({ kind: "running" })).toBe(false);
  });

  it("proposes what is paid, what the rest is expected to need and a margin, in whole cents", () => {
    // 18 paid, 1 possibly billed, 18 for the other fifty plus 20 %, 2.64 that one request reserves beyond its cost.
    expect(higherBudget(half)).toMatchObject({ budget: 0.44, left: 50 });
    const dear = { ...half, quoted_dollars: { ...quoted, at_most: 9000 * CENT } };
    expect(higherBudget(dear).budget).toBe(0.44);
    const { committed, rest, margin, budget } = higherBudget(half);
    expect(committed + rest + margin).toBeCloseTo(budget, 9);
    // Before anything is paid, the quote gives the cost per image.
    const fresh = { ...half, spent_dollars: 0, possibly_billed: { count: 0, at_most_dollars: 0 }, done: 0, failed: 0 };
    expect(higherBudget({ ...fresh, budget_dollars: 1 * CENT }).budget).toBe(0.51);
    // Leaves room for what the last request reserves, and always raises the budget.
    const last = { ...half, done: 98, failed: 1, spent_dollars: 49.5 * CENT, largest_request_dollars: 9 * CENT };
    expect(higherBudget(last).budget).toBe(0.6);
    expect(higherBudget({ ...half, budget_dollars: 90 * CENT }).budget).toBe(0.91);
  });
});

describe("the cost bar", () => {
  const kinds = (run: Spending) => costBarScale(run, quoted, null).markers.map(({ kind }) => kind);

  const uncapped = { ...half, budget_dollars: null };

  it("has every amount at its place of one scale, and leaves out a bound that is far off", () => {
    const near = costBarScale(uncapped, { ...quoted, at_most: 90 * CENT }, null);
    expect(near).toMatchObject({ beyond: null, markers: [{ kind: "quote" }, { kind: "high" }] });
    for (const { cost, place } of near.markers) expect(place).toBeCloseTo(cost / near.end);
    expect(near.end).toBeGreaterThan(90 * CENT);
    const far = costBarScale(uncapped, { ...quoted, at_most: 9000 * CENT }, null);
    expect(far).toMatchObject({
      beyond: { kind: "high", cost: 9000 * CENT },
      markers: [{ kind: "quote", place: 0.5 }],
    });
    expect(far.end).toBeCloseTo(80 * CENT);
    expect(costBarScale(uncapped, quoted, 200 * CENT).end).toBeCloseTo(210 * CENT);
    expect(costBarScale({ ...half, budget_dollars: 60 * CENT }, quoted, 70 * CENT).end).toBeCloseTo(73.5 * CENT);
  });

  it("has its markers in their order", () => {
    expect(kinds({ ...half, budget_dollars: 60 * CENT })).toEqual(["quote", "cap"]);
    expect(kinds(half)).toEqual(["cap", "quote"]);
  });

  it("leaves a budget out that is far beyond all costs", () => {
    const scale = costBarScale({ ...half, budget_dollars: 1000 * CENT }, quoted, null);
    expect(scale.beyond).toEqual({ kind: "cap", cost: 1000 * CENT });
    expect(scale.markers.map(({ kind }) => kind)).toEqual(["quote"]);
  });
});

describe("going on with a run", () => {
  function made(): { resumed: ResumeRequest[]; resumption: Resumption } {
    const resumed: ResumeRequest[] = [];
    return { resumed, resumption: new Resumption((request) => Promise.resolve(void resumed.push(request))) };
  }
  const three = { count: 3, at_most_dollars: 9 * CENT };

  it("asks nothing where nothing was under way", async () => {
    const { resumed, resumption } = made();
    await resumption.want(7, { count: 0, at_most_dollars: 0 }, 60 * CENT);
    expect(resumed).toEqual([
      { run: 7, budget_dollars: 60 * CENT, accepts_repeats: false, retries_failed: false, gives_up_batches: false },
    ]);
    expect(resumption.asked).toBeNull();
  });

  it("asks before requests are made again, and takes no for an answer", async () => {
    const { resumed, resumption } = made();
    await resumption.want(7, three);
    expect(resumption.asked).toEqual({
      run: 7,
      unsettled: three,
      budget: null,
      retriesFailed: false,
      givesUpBatches: false,
    });
    resumption.decline();
    await resumption.accept();
    expect(resumed).toEqual([]);
    await resumption.want(7, three, 60 * CENT);
    await resumption.accept();
    expect(resumed).toEqual([
      { run: 7, budget_dollars: 60 * CENT, accepts_repeats: true, retries_failed: false, gives_up_batches: false },
    ]);
    expect(resumption.asked).toBeNull();
  });

  it("gives up lost batches only by consent, and names all that may have been billed", async () => {
    const { resumed, resumption } = made();
    resumption.wantToGiveUp(7, three, { count: 2, at_most_dollars: 3 * CENT });
    expect(resumption.asked?.unsettled).toEqual({ count: 5, at_most_dollars: 12 * CENT });
    expect(resumed).toEqual([]);
    await resumption.accept();
    expect(resumed).toMatchObject([{ accepts_repeats: true, gives_up_batches: true }]);
  });

  it("tries what failed again only where that is asked for, after the same question", async () => {
    const { resumed, resumption } = made();
    await resumption.wantRetry(7, { count: 0, at_most_dollars: 0 });
    await resumption.wantRetry(7, three);
    await resumption.accept();
    expect(resumed.map((request) => [request.retries_failed, request.accepts_repeats])).toEqual([
      [true, false],
      [true, true],
    ]);
  });
});

describe("labels of the cost bar", () => {
  it("are below their ticks", () => {
    expect(labelLefts([{ center: 200, width: 60 }], 70, 400)).toEqual([170]);
  });
  it("stay beside each other and on the bar", () => {
    const last = { center: 399, width: 60 };
    expect(labelLefts([{ center: 40, width: 60 }, { center: 60, width: 60 }, last], 70, 400)).toEqual([78, 146, 340]);
    expect(labelLefts([last, last], 0, 400)).toEqual([272, 340]);
  });
});
