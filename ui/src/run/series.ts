/** The charts of a run, from its progress and what was seen of it. */
import { type ChartSeries, type ChartSpec, COUNT_STEPS, highest, roundUp, TIME_STEPS } from "../charts/spec";
import type { CostRange, Dollars, RunProgress, SpentAt } from "../api/bindings";
import { words } from "../messages";
import { count, decimal, exactMoney, money } from "../messages/format";
import { costBarScale } from "./budget";
import { costHeading } from "./run.svelte";
import type { RunSample } from "./trace";

/** Fewer points are no line. */
const LEAST_POINTS = 2;

const timeAxis = (from: number, to: number) => ({ from, to, format: words.run.duration, steps: TIME_STEPS });

/** Images per minute over active time, and concurrency where it was seen. Null if the run is too short. */
export function rateChart(
  { rate_history: rates, elapsed_millis: elapsed }: Pick<RunProgress, "rate_history" | "elapsed_millis">,
  samples: readonly RunSample[] = [],
): ChartSpec | null {
  const most = highest(rates);
  if (rates.length < LEAST_POINTS || most <= 0) return null;
  const x = rates.map((_, place) => middleOf(place, rates.length, elapsed));
  const seen = x.map((at) => concurrencyAt(at, samples));
  const hasConcurrency = seen.filter((value) => value !== null).length >= LEAST_POINTS;
  return {
    x,
    series: [
      { name: words.run.charts.rate, values: rates, format: words.run.perMinute, kind: "line", color: "accent" },
      ...(hasConcurrency
        ? [
            {
              name: words.run.charts.concurrency,
              values: seen,
              format: count,
              kind: "step",
              color: "text-faint",
              isDashed: true,
              isOnRight: true,
            } satisfies ChartSeries,
          ]
        : []),
    ],
    xAxis: timeAxis(0, elapsed),
    yAxis: { from: 0, to: roundUp(most), format: (rate) => decimal(rate) },
    ...(hasConcurrency
      ? { rightAxis: { from: 0, to: roundUp(highest(seen)), format: count, steps: COUNT_STEPS } }
      : {}),
    formatPoint: words.run.charts.at,
  };
}

/** What was in force at a time; null where the run was not watched. */
function concurrencyAt(at: number, samples: readonly RunSample[]): number | null {
  const next = samples.findIndex(({ elapsedMillis }) => elapsedMillis > at);
  const latest = samples[(next < 0 ? samples.length : next) - 1];
  return latest === undefined || samples[next]?.isFirst ? null : latest.concurrency;
}

/** Cost over finished images, against the quote's share for as many. */
export function costChart(
  progress: RunProgress,
  quoted: CostRange,
  samples: readonly RunSample[],
  before: readonly SpentAt[] = [],
): ChartSpec {
  const { total, budget_dollars: budget } = progress;
  const isReported = before.some(({ spent_dollars: spent }) => spent > 0);
  const recorded = isReported ? before.map(({ finished, spent_dollars: spent }) => [finished, spent] as const) : [];
  // The latest cost of a number of images, which is also the one shown in figures.
  const costs = new Map<number, Dollars | null>([
    ...(isReported ? [[0, 0] as const] : []),
    ...recorded,
    ...samples.map(({ finished, spent }) => [finished, spent] as const),
  ]);
  const x = [...new Set([0, ...costs.keys(), total])].sort((one, other) => one - other);
  const latest = samples.at(-1);
  const share = (cost: Dollars) => x.map((_, place) => shareOf(cost, place));
  const range = (name: string, cost: Dollars): ChartSeries => ({
    name,
    values: share(cost),
    format: money,
    kind: "line",
    color: "line-strong",
    isUnnamed: true,
    isUnread: true,
  });
  const shareOf = (cost: Dollars, place: number) => (total === 0 ? 0 : (cost * (x[place] ?? 0)) / total);
  const { charts } = words.run;
  return {
    x,
    series: [
      range(charts.high, quoted.likely_high),
      range(charts.low, quoted.likely_low),
      {
        name: charts.quoted,
        values: share(quoted.expected),
        format: (expected, place) =>
          charts.range(expected, shareOf(quoted.likely_low, place), shareOf(quoted.likely_high, place)),
        kind: "line",
        color: "text-muted",
        isDashed: true,
      },
      ...(budget === null
        ? []
        : [
            {
              name: charts.cap,
              values: x.map(() => budget),
              format: exactMoney,
              kind: "line",
              color: "bad",
            } satisfies ChartSeries,
          ]),
      {
        name: charts.cost,
        values: x.map((images) => costs.get(images) ?? null),
        format: money,
        kind: "line",
        color: "accent",
      },
      {
        name: charts.latest,
        values: x.map((images) => (latest?.finished === images ? latest.spent : null)),
        format: money,
        kind: "point",
        color: "accent",
        isUnnamed: true,
        isUnread: true,
      },
    ],
    band: [0, 1],
    xAxis: { from: 0, to: Math.max(1, total), format: count, steps: COUNT_STEPS },
    yAxis: { from: 0, to: costBarScale(progress, quoted, costHeading(progress)).end, format: money },
    formatPoint: charts.images,
  };
}

/** Median and 95th percentile of the time per image in each step of the rate. Null if the run is too short. */
export function latencyChart({
  duration_history: durations,
  elapsed_millis: elapsed,
}: Pick<RunProgress, "duration_history" | "elapsed_millis">): ChartSpec | null {
  if (durations.filter((point) => point !== null).length < LEAST_POINTS) return null;
  const line = { format: words.run.duration, kind: "line" } as const;
  const p95 = durations.map((point) => point?.p95_millis ?? null);
  return {
    x: durations.map((_, place) => middleOf(place, durations.length, elapsed)),
    series: [
      {
        ...line,
        name: words.history.p50,
        values: durations.map((point) => point?.p50_millis ?? null),
        color: "accent",
      },
      { ...line, name: words.history.p95, values: p95, color: "text-muted", isDashed: true },
    ],
    xAxis: timeAxis(0, elapsed),
    yAxis: { ...timeAxis(0, roundUp(highest(p95))) },
    formatPoint: words.run.charts.at,
  };
}

/** A value of a step stands in the middle of it. */
function middleOf(place: number, steps: number, elapsed: number): number {
  return ((place + 0.5) / steps) * elapsed;
}
