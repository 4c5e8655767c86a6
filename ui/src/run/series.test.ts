import { describe, expect, it } from "vitest";

import { readingsAt } from "../charts/spec";
import type { RunProgress } from "../api/bindings";
import { costChart, latencyChart, rateChart } from "./series";
import { type RunSample, RunTrace, RunTraces } from "./trace";

const SAMPLE: RunSample = {
  elapsedMillis: 0,
  finished: 0,
  spent: 0,
  concurrency: 4,
  isFirst: false,
};
const sample = (change: Partial<RunSample>): RunSample => ({ ...SAMPLE, ...change });

function progress(change: Partial<RunProgress>): RunProgress {
  return {
    state: { kind: "running" },
    elapsed_millis: 4000,
    total: 100,
    done: 20,
    failed: 0,
    spent_dollars: 0.1,
    possibly_billed: { count: 0, at_most_dollars: 0 },
    budget_dollars: null,
    quoted_dollars: { likely_low: 0.4, expected: 0.5, likely_high: 0.8, at_most: 2 },
    concurrency: 4,
    p50_millis: 900,
    p95_millis: 1500,
    rate_history: [30, 90, 60, 60],
    ...change,
  } as RunProgress;
}

describe("the rate", () => {
  it("stands in the middle of its step, as it is stored", () => {
    const chart = rateChart(progress({}));
    expect(chart?.x).toEqual([500, 1500, 2500, 3500]);
    expect(chart?.series).toHaveLength(1);
    expect(chart && readingsAt(chart, 1).map(({ text }) => text)).toEqual(["90 / min"]);
    expect(chart?.yAxis.to).toBe(100);
  });

  it("is not drawn without a measurement", () => {
    expect(rateChart(progress({ rate_history: [] }))).toBeNull();
    expect(rateChart(progress({ rate_history: [12] }))).toBeNull();
    expect(rateChart(progress({ rate_history: [0, 0] }))).toBeNull();
  });

  it("has the concurrency in force, where the run was watched", () => {
    const samples = [
      sample({ elapsedMillis: 400, concurrency: 4, isFirst: true }),
      sample({ elapsedMillis: 1200, concurrency: 8 }),
      sample({ elapsedMillis: 1600, concurrency: 9 }),
      // Another screen was shown meanwhile.
      sample({ elapsedMillis: 3000, concurrency: 12, isFirst: true }),
    ];
    expect(rateChart(progress({}), samples)?.series[1]?.values).toEqual([4, 8, null, 12]);
    expect(rateChart(progress({}), samples.slice(2))?.series).toHaveLength(1);
  });
});

describe("the cost", () => {
  const samples = [
    sample({ finished: 10, spent: 0.04, isFirst: true }),
    sample({ finished: 20, spent: 0.09 }),
    sample({ finished: 20, spent: 0.1 }),
  ];
  const quoted = { likely_low: 0.4, expected: 0.5, likely_high: 0.8, at_most: 2 };

  it("is read beside the share of the quote for as many images", () => {
    const chart = costChart(progress({}), quoted, samples);
    expect(chart.x).toEqual([0, 10, 20, 100]);
    expect(readingsAt(chart, 2).map(({ text }) => text)).toEqual(["$0.10 (likely $0.08–$0.16)", "$0.10"]);
    expect(readingsAt(chart, 3).map(({ text }) => text)).toEqual(["$0.50 (likely $0.40–$0.80)"]);
    expect(chart.band).toEqual([0, 1]);
  });

  it("is what was recorded, where it was not watched", () => {
    const before = [5, 15].map((finished) => ({ finished, spent_dollars: finished / 200 }));
    const cost = (chart: ReturnType<typeof costChart>) => chart.series.find(({ color }) => color === "accent")?.values;
    const restarted = costChart(progress({}), quoted, [sample({ finished: 20, spent: 0.1 })], before);
    expect(restarted.x).toEqual([0, 5, 15, 20, 100]);
    expect(cost(restarted)).toEqual([0, 0.025, 0.075, 0.1, null]);
    // A server that reports no cost has none recorded.
    const unreported = before.map(({ finished }) => ({ finished, spent_dollars: 0 }));
    expect(costChart(progress({}), quoted, [], unreported).x).toEqual([0, 100]);
  });

  it("has the budget as a level line, and room for it", () => {
    const chart = costChart(progress({ budget_dollars: 0.6 }), quoted, samples);
    expect(chart.series.find(({ color }) => color === "bad")?.values).toEqual([0.6, 0.6, 0.6, 0.6]);
    expect(chart.yAxis.to).toBeGreaterThan(0.6);
  });

  it("that a server did not report is not drawn", () => {
    const trace = new RunTrace();
    trace.add(progress({ spent_dollars: 0, possibly_billed: { count: 3, at_most_dollars: 0.1 } }));
    const chart = costChart(progress({}), quoted, trace.samples);
    expect(chart.series.filter(({ color }) => color === "accent").flatMap(({ values }) => values)).toEqual(
      Array<null>(2 * chart.x.length).fill(null),
    );
  });
});

describe("the time per image", () => {
  it("is drawn for the steps in which images finished", () => {
    const point = { p50_millis: 1000, p95_millis: 1500 };
    const chart = latencyChart({ duration_history: [point, null, point, null], elapsed_millis: 4000 });
    expect(chart?.x).toEqual([500, 1500, 2500, 3500]);
    expect(chart && readingsAt(chart, 2).map(({ text }) => text)).toEqual(["1 s", "1.5 s"]);
    expect(chart?.series[0]?.values).toEqual([1000, null, 1000, null]);
    expect(latencyChart({ duration_history: [point, null], elapsed_millis: 4000 })).toBeNull();
    expect(latencyChart({ duration_history: [], elapsed_millis: 0 })).toBeNull();
  });
});

describe("a trace", () => {
  it("keeps a readable number of samples, the latest of them", () => {
    const trace = new RunTrace();
    for (let place = 0; place < 20_000; place += 1)
      trace.add(progress({ elapsed_millis: place * 100, done: place, failed: 0 }));
    const times = trace.samples.map(({ elapsedMillis }) => elapsedMillis);
    expect(times.length).toBeLessThanOrEqual(400);
    expect(times.length).toBeGreaterThan(100);
    expect([times[0], times.at(-1)]).toEqual([0, 1_999_900]);
    expect([...times].sort((one, other) => one - other)).toEqual(times);
  });

  it("knows no concurrency of a run that has ended: it would be the highest", () => {
    const trace = new RunTrace();
    trace.add(progress({ state: { kind: "stopped", reason: "completed" } }));
    expect(trace.samples[0]?.concurrency).toBeNull();
  });

  it("is continued when a run is shown again", () => {
    const traces = new RunTraces();
    traces.begin(7).add(progress({}));
    traces.begin(8).add(progress({}));
    const again = traces.begin(7);
    again.add(progress({ elapsed_millis: 9000 }));
    expect(again.samples.map(({ isFirst }) => isFirst)).toEqual([true, true]);
  });
});
