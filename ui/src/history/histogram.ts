/** The duration histogram: its bars, and labels of lines over it. */
import { type ChartSeries, type ChartSpec, COUNT_STEPS, highest, roundUp, TIME_STEPS } from "../charts/spec";
import type { DurationBin } from "../api/bindings";
import { words } from "../messages";
import { count, duration } from "../messages/format";

/** A bar a bin; those beyond the 95th percentile are set apart. */
export function histogramChart(bins: readonly DurationBin[], p95: number): ChartSpec {
  const isTail = ({ from_millis: from }: DurationBin) => from >= p95;
  const part = (isShown: (bin: DurationBin) => boolean): (number | null)[] =>
    bins.map((bin) => (isShown(bin) ? bin.count : null));
  const series: Pick<ChartSeries, "name" | "format" | "kind" | "isUnnamed"> = {
    name: words.history.charts.answers,
    format: count,
    kind: "bars",
  };
  return {
    x: bins.map(({ from_millis: from, to_millis: to }) => (from + to) / 2),
    series: [
      { ...series, values: part((bin) => !isTail(bin)), color: "line-control" },
      { ...series, values: part(isTail), color: "line-strong", isUnnamed: true, readAs: 0 },
    ],
    xAxis: {
      from: bins[0]?.from_millis ?? 0,
      to: bins.at(-1)?.to_millis ?? 1,
      format: duration,
      steps: TIME_STEPS,
    },
    yAxis: { from: 0, to: roundUp(highest(bins.map((bin) => bin.count))), format: count, steps: COUNT_STEPS },
    formatPoint: (_, place) => words.history.charts.span(bins[place]?.from_millis ?? 0, bins[place]?.to_millis ?? 0),
  };
}

/** Position of a duration between fastest and slowest, 0 to 1. */
export function placeOf(milliseconds: number, bins: readonly DurationBin[]): number {
  const from = bins[0]?.from_millis ?? 0;
  const to = bins.at(-1)?.to_millis ?? 0;
  if (to <= from) return 0.5;
  return Math.min(1, Math.max(0, (milliseconds - from) / (to - from)));
}

/** A label beside its line, in a row of its own if neighbours leave no room. */
export interface Flag {
  side: "right" | "left";
  /** Rows count upwards from the chart; the line reaches its label. */
  row: number;
}

/**
 * Labels of the given `widths` for lines at ascending `places`, within `width`: none covers another or crosses
 * another's line.
 */
export function flags(places: readonly number[], widths: readonly number[], width: number, gap: number): Flag[] {
  const last = places.length - 1;
  const at = (index: number) => places[index] ?? 0;
  const room = (index: number) => (widths[index] ?? 0) + gap;
  const flags: Flag[] = places.map(() => ({ side: "right", row: 0 }));
  const flag = (index: number) => flags[index] as Flag;
  for (let index = last; index >= 0; index -= 1) {
    const isAtEnd = at(index) + room(index) > width;
    const isCloseToLeft = index < last && flag(index + 1).side === "left" && at(index) + room(index) > at(index + 1);
    if (isAtEnd || isCloseToLeft) flag(index).side = "left";
    else if (index < last && at(index) + room(index) > at(index + 1)) flag(index).row = flag(index + 1).row + 1;
  }
  for (let index = 1; index <= last; index += 1) {
    if (flag(index).side === "right") continue;
    const before = flag(index - 1);
    const end = at(index - 1) + (before.side === "right" ? room(index - 1) : 0);
    if (at(index) - room(index) < end) flag(index).row = before.row + 1;
  }
  return flags;
}
