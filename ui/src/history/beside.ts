/** Charts and figures of runs beside each other. */
import {
  type ChartColor,
  type ChartSeries,
  type ChartSpec,
  COUNT_STEPS,
  highest,
  roundUp,
  TIME_STEPS,
} from "../charts/spec";
import type { RunSeries, RunSummary } from "../api/bindings";
import { words } from "../messages";
import { count, decimal, duration, money } from "../messages/format";
import { paidOf } from "./cost";

/** In the order of the letters: color and dash tell them apart. */
const LINES: readonly { color: ChartColor; isDashed: boolean }[] = [
  { color: "accent", isDashed: false },
  { color: "text-muted", isDashed: true },
  { color: "text-muted", isDashed: false },
  { color: "line-control", isDashed: true },
];
const POINTS = 80;
const LEAST_POINTS = 2;

export function sideLetter(place: number): string {
  return String.fromCharCode("A".charCodeAt(0) + place);
}

function lineOf(place: number): Pick<ChartSeries, "kind" | "color" | "isDashed"> {
  const look = LINES[place % LINES.length] ?? { color: "accent", isDashed: false };
  return { kind: "line", ...look };
}

const nameOf = (place: number, run: number): string => words.history.beside.line(sideLetter(place), run);

/** Points of active time up to the longest run. */
function times(all: readonly RunSeries[]): number[] {
  const longest = Math.max(0, ...all.map(({ elapsed_millis: elapsed }) => elapsed));
  return Array.from({ length: POINTS }, (_, place) => ((place + 0.5) / POINTS) * longest);
}

/** The value of the step that a time is in; null after the end of the run. */
function at<Value>(values: readonly Value[], elapsed: number, time: number): Value | null {
  if (time > elapsed || elapsed <= 0) return null;
  return values[Math.min(values.length - 1, Math.floor((time / elapsed) * values.length))] ?? null;
}

function overTime(
  all: readonly RunSeries[],
  valueOf: (series: RunSeries, time: number) => number | null,
  format: (value: number) => string,
  tick: (value: number) => string,
): ChartSpec | null {
  const x = times(all);
  const series = all.map((each, place): ChartSeries => ({
    name: nameOf(place, each.run),
    values: x.map((time) => valueOf(each, time)),
    format,
    ...lineOf(place),
  }));
  const most = Math.max(...series.map(({ values }) => highest(values)));
  if (most <= 0) return null;
  return {
    x,
    series,
    xAxis: {
      from: 0,
      to: Math.max(...all.map(({ elapsed_millis: elapsed }) => elapsed)),
      format: words.run.duration,
      steps: TIME_STEPS,
    },
    yAxis: { from: 0, to: roundUp(most), format: tick },
    formatPoint: words.run.charts.at,
  };
}

/** Images per minute over active time. Null if no run is long enough. */
export function ratesBeside(all: readonly RunSeries[]): ChartSpec | null {
  return overTime(
    all,
    ({ rates, elapsed_millis: elapsed }, time) => (rates.length < LEAST_POINTS ? null : at(rates, elapsed, time)),
    words.run.perMinute,
    (rate) => decimal(rate),
  );
}

/** The median time per image over active time. */
export function durationsBeside(all: readonly RunSeries[]): ChartSpec | null {
  const chart = overTime(
    all,
    ({ durations, elapsed_millis: elapsed }, time) =>
      durations.length < LEAST_POINTS ? null : (at(durations, elapsed, time)?.p50_millis ?? null),
    words.run.duration,
    words.run.duration,
  );
  return chart && { ...chart, yAxis: { ...chart.yAxis, steps: TIME_STEPS } };
}

/** The cost over finished images. Null if no run reported one. */
export function costsBeside(all: readonly RunSeries[]): ChartSpec | null {
  if (all.every(({ spent }) => spent.length === 0)) return null;
  const x = [...new Set([0, ...all.flatMap(({ spent }) => spent.map(({ finished }) => finished))])].sort(
    (one, other) => one - other,
  );
  const series = all.map((each, place): ChartSeries => {
    const known = new Map(each.spent.map(({ finished, spent_dollars: spent }) => [finished, spent] as const));
    if (known.size > 0) known.set(0, 0);
    return {
      name: nameOf(place, each.run),
      values: x.map((images) => known.get(images) ?? null),
      format: money,
      // The last image of a run is a point of this run alone.
      isContinuous: true,
      ...lineOf(place),
    };
  });
  return {
    x,
    series,
    xAxis: { from: 0, to: Math.max(1, x.at(-1) ?? 1), format: count, steps: COUNT_STEPS },
    yAxis: { from: 0, to: roundUp(Math.max(...series.map(({ values }) => highest(values)))), format: money },
    formatPoint: words.run.charts.images,
  };
}

export interface BesideRow {
  name: string;
  /** One a run; empty where nothing was measured. */
  values: readonly string[];
}

/** The figures of runs, a row each. */
export function figuresBeside(runs: readonly RunSummary[]): BesideRow[] {
  const said = words.history.beside.rows;
  const row = (name: string, valueOf: (run: RunSummary) => string | null): BesideRow => ({
    name,
    values: runs.map((run) => valueOf(run) ?? ""),
  });
  const each = (run: RunSummary): number | null => {
    const sum = paidOf(run);
    const answered = run.done - run.reused - run.propagated;
    return sum === null || answered <= 0 ? null : (sum / answered) * 1000;
  };
  const shown = (value: number | null, format: (value: number) => string) => (value === null ? null : format(value));
  return [
    row(said.images, (run) => words.history.imagesOf(run.done + run.failed, run.total)),
    row(said.failed, (run) => count(run.failed)),
    row(said.annotations, (run) => count(run.annotation_count)),
    row(said.reviewed, (run) => words.history.reviewedOf(run.reviewed_count, run.total)),
    row(said.quoted, (run) => shown(run.quoted_dollars?.expected ?? null, money)),
    row(said.paid, (run) => shown(paidOf(run), money)),
    row(said.perThousand, (run) => shown(each(run), money)),
    row(said.p50, (run) => shown(run.p50_millis, duration)),
    row(said.p95, (run) => shown(run.p95_millis, duration)),
    row(said.rate, (run) => shown(run.rate_per_minute, words.run.perMinute)),
    row(said.retries, (run) => count(run.retries)),
  ];
}
