/** What a chart shows, and reading it point by point. Independent of how it is drawn. */

/** A token of `tokens.css` without its dashes. */
export type ChartColor = "accent" | "text-muted" | "text-faint" | "line-control" | "line-strong" | "bad" | "caution";

/** How bars are filled, where colors alone would not tell series apart. */
export type ChartFill = "solid" | "stripes" | "dots" | "outline";

export interface ChartSeries {
  name: string;
  /** One a point; null where nothing was measured. */
  values: readonly (number | null)[];
  /** A value with its unit, as it is read at the cursor. */
  format: (value: number, index: number) => string;
  /** A point is for single measurements; a bar reaches halfway to its neighbors. */
  kind: "line" | "step" | "bars" | "point";
  color: ChartColor;
  isDashed?: boolean;
  /** Whether a line goes on over points at which only other series have a value. */
  isContinuous?: true;
  /** Of bars; solid by default. */
  fill?: ChartFill;
  /** Bars that stand on each other, the first on top. */
  isStacked?: true;
  /** Whether it has the axis on the right. */
  isOnRight?: boolean;
  /** Not in the key, because another series explains it. It is still read at the cursor. */
  isUnnamed?: boolean;
  /** The place of the series in whose entry of the key it is read, if it has none of its own. */
  readAs?: number;
  /** Not read at the cursor, because another series has its values. */
  isUnread?: boolean;
}

export interface ChartAxis {
  from: number;
  to: number;
  /** A tick, as short as possible. */
  format: (value: number) => string;
  /** Distances that ticks may have, ascending; decimal ones by default. */
  steps?: readonly number[];
}

export interface ChartSpec {
  /** Ascending, in the unit of its axis. */
  x: readonly number[];
  series: readonly ChartSeries[];
  xAxis: ChartAxis;
  yAxis: ChartAxis;
  rightAxis?: ChartAxis;
  /** A point of the x axis, as it is read at the cursor. */
  formatPoint: (x: number, index: number) => string;
  /** A filled range between two series, by index: the upper and the lower. */
  band?: readonly [upper: number, lower: number];
}

/** What is read at one point. */
export interface Reading {
  series: ChartSeries;
  /** The place of the series in whose entry of the key it is shown. */
  place: number;
  text: string;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Distances between ticks of a time axis, in milliseconds. */
export const TIME_STEPS: readonly number[] = [
  ...[0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30].map((seconds) => seconds * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE),
  ...[1, 2, 3, 6, 12, 24, 48, 96, 168].map((hours) => hours * HOUR),
];

/** Distances between ticks of a count. */
export const COUNT_STEPS: readonly number[] = Array.from({ length: 10 }, (_, power) => 10 ** power).flatMap((unit) => [
  unit,
  2 * unit,
  5 * unit,
]);

/** 1, 2 and 5 times powers of ten, from a millionth. */
export const DECIMAL_STEPS: readonly number[] = Array.from({ length: 19 }, (_, place) => 10 ** (place - 6)).flatMap(
  (unit) => [unit, 2 * unit, 5 * unit],
);

/** The labels of ticks. One that reads like the tick before it is empty: short steps after hours. */
export function tickLabels(ticks: readonly number[], format: (value: number) => string): string[] {
  const texts = ticks.map((tick) => format(tick));
  return texts.map((text, place) => (text === texts[place - 1] ? "" : text));
}

/** The values at a point, without those that were not measured. */
export function readingsAt({ series }: ChartSpec, index: number): Reading[] {
  return series.flatMap((each, place) => {
    const value = each.values[index] ?? null;
    return value === null || each.isUnread
      ? []
      : [{ series: each, place: each.readAs ?? place, text: each.format(value, index) }];
  });
}

/** The values as they are drawn: a stacked bar reaches from the axis to its top, and the next ones cover it. */
export function drawnValues({ series }: ChartSpec): (number | null)[][] {
  return series.map(({ values, isStacked }, place) =>
    values.map((value, index) => {
      if (!isStacked || value === null || value === 0) return isStacked ? null : value;
      const below = series.slice(place).filter((each) => each.isStacked);
      return below.reduce((sum, each) => sum + (each.values[index] ?? 0), 0);
    }),
  );
}

/** A point as it is spoken: "1 min 20 s: Images per minute 62, Concurrency 14". */
export function spokenAt(spec: ChartSpec, index: number): string {
  const values = readingsAt(spec, index).map(({ series, text }) => `${series.name} ${text}`);
  return `${spec.formatPoint(spec.x[index] ?? 0, index)}: ${values.join(", ")}`;
}

/** The last point with a value; null without any. */
export function lastPoint(spec: ChartSpec): number | null {
  return nearestPoint(spec, spec.x.length - 1, -1);
}

/** Share of the points that Page Up and Page Down move by. */
const PAGE_SHARE = 0.1;

/** The point that a key leads to from `index`; undefined if the key is not the chart's. Points without a value are skipped. */
export function pointAfter(key: string, index: number | null, spec: ChartSpec): number | null | undefined {
  const last = spec.x.length - 1;
  const page = Math.max(1, Math.round(spec.x.length * PAGE_SHARE));
  const from = index ?? last;
  switch (key) {
    case "ArrowLeft":
      return nearestPoint(spec, from - 1, -1) ?? index;
    case "ArrowRight":
      return nearestPoint(spec, from + 1, 1) ?? index;
    case "PageUp":
      return nearestPoint(spec, Math.max(0, from - page), -1) ?? nearestPoint(spec, 0, 1);
    case "PageDown":
      return nearestPoint(spec, Math.min(last, from + page), 1) ?? nearestPoint(spec, last, -1);
    case "Home":
      return nearestPoint(spec, 0, 1);
    case "End":
      return nearestPoint(spec, last, -1);
    default:
      return undefined;
  }
}

/** The first point with a value, from `index` on in one direction. */
function nearestPoint(spec: ChartSpec, index: number, step: 1 | -1): number | null {
  for (let place = index; place >= 0 && place < spec.x.length; place += step) {
    if (spec.series.some(({ values }) => (values[place] ?? null) !== null)) return place;
  }
  return null;
}

/** The next round number, for an axis that does not change with every point. */
export function roundUp(value: number): number {
  if (value <= 0) return 1;
  const magnitude = 10 ** Math.floor(Math.log10(value));
  const step = [1, 1.5, 2, 3, 4, 5, 7.5, 10].find((factor) => factor * magnitude >= value) ?? 10;
  return step * magnitude;
}

/** The highest value of a series; 0 without any. */
export function highest(values: readonly (number | null)[]): number {
  return values.reduce<number>((most, value) => Math.max(most, value ?? 0), 0);
}
