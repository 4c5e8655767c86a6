/** The charts of the screen about spending. */
import type { MonthCourse, RunEstimate, SpendReport, SpendRow } from "../api/bindings";
import {
  type ChartColor,
  type ChartFill,
  type ChartSeries,
  type ChartSpec,
  COUNT_STEPS,
  highest,
  roundUp,
} from "../charts/spec";
import { modelName, words } from "../messages";
import { count, exactMoney, money, month, monthName, percent, wholeMoney } from "../messages/format";
import { visible } from "../messages/visible";
import { type Group, groupsOf, monthsBetween, paidText } from "./figures";
import type { Split } from "./spend.svelte";

/** From the most expensive group on. What is beyond them is one group. */
export const LOOKS: readonly { color: ChartColor; fill: ChartFill }[] = [
  { color: "accent", fill: "solid" },
  { color: "line-control", fill: "solid" },
  { color: "accent", fill: "stripes" },
  { color: "text-muted", fill: "stripes" },
  { color: "accent", fill: "outline" },
  { color: "text-muted", fill: "dots" },
];

const byMonth = (report: SpendReport, split: Split): SpendRow[] =>
  ({ model: report.models_by_month, recipe: report.recipes_by_month, collection: report.collections_by_month })[split];

/** What was paid in each month, split into groups. Null if nothing was. */
export function monthChart(report: SpendReport, split: Split): ChartSpec | null {
  const groups = groupsOf(report, split);
  const first = report.by_month[0]?.month;
  const last = report.by_month.at(-1)?.month;
  if (groups.length === 0 || first === undefined || first === null || last === undefined || last === null) return null;
  const months = monthsBetween(first, last);
  const rows = byMonth(report, split);
  const paid = (key: string, at: string) =>
    rows.find((row) => row.month === at && row[split] === key)?.paid_dollars ?? 0;
  const most = groups.length > LOOKS.length ? LOOKS.length - 1 : groups.length;
  const rest = groups.slice(most);
  const shown: { name: string; of: readonly Group[] }[] = [
    ...groups.slice(0, most).map((group) => ({ name: group.name, of: [group] })),
    ...(rest.length === 0 ? [] : [{ name: words.spend.others(rest.length), of: rest }]),
  ];
  const series = shown.map(({ name, of }, place): ChartSeries => {
    const look = LOOKS[place] ?? { color: "text-muted", fill: "dots" };
    return {
      name,
      values: months.map((at) => of.reduce((sum, { key }) => sum + paid(key, at), 0) || null),
      format: money,
      kind: "bars",
      isStacked: true,
      ...look,
    };
  });
  const total = (at: string) => report.by_month.find((row) => row.month === at)?.paid_dollars ?? 0;
  return {
    x: months.map((_, place) => place),
    // The most expensive group stands at the bottom.
    series: series.reverse(),
    xAxis: {
      from: -0.5,
      to: months.length - 0.5,
      format: (place) => (Number.isInteger(place) && months[place] ? monthName(`${months[place]}-01`) : ""),
      steps: [1, 2, 3, 6, 12, 24],
    },
    yAxis: { from: 0, to: roundUp(highest(months.map(total))), format: wholeMoney },
    formatPoint: (_, place) => {
      const row = report.by_month.find((each) => each.month === months[place]);
      return `${month(`${months[place]}-01`)}: ${words.spend.inAll(row ? paidText(row) : money(0), row?.runs ?? 0)}`;
    },
  };
}

const dayOf = (day: string): number => Number(day.slice(8, 10));

/** What all runs spent this month until each day, the cap, and how it would go on. */
export function courseChart({ month: spending, today, last_day, days, forecast }: MonthCourse): ChartSpec {
  const [now, last] = [dayOf(today), dayOf(last_day)];
  const x = Array.from({ length: last }, (_, place) => place + 1);
  const until = (day: number) =>
    days.filter((each) => dayOf(each.day) <= day).reduce((sum, { spent_dollars: spent }) => sum + spent, 0);
  const spent = x.map((day) => (day <= now ? until(day) : null));
  const cap = spending.cap_dollars;
  const ahead = x.map((day) =>
    forecast === null || day < now || last === now
      ? null
      : spending.spent_dollars + ((forecast.month_dollars - spending.spent_dollars) * (day - now)) / (last - now),
  );
  return {
    x,
    series: [
      ...(cap === null
        ? []
        : [
            {
              name: words.spend.cap,
              values: x.map(() => cap),
              format: exactMoney,
              kind: "line",
              color: "bad",
            } satisfies ChartSeries,
          ]),
      ...(forecast === null || last === now
        ? []
        : [
            {
              name: words.spend.ahead,
              values: ahead,
              format: money,
              kind: "line",
              color: "text-muted",
              isDashed: true,
            } satisfies ChartSeries,
          ]),
      { name: words.spend.spentSoFar, values: spent, format: money, kind: "step", color: "accent" },
    ],
    xAxis: { from: 1, to: last, format: (day) => (Number.isInteger(day) ? count(day) : ""), steps: [1, 2, 7, 14] },
    yAxis: { from: 0, to: roundUp(Math.max(cap ?? 0, highest(spent), highest(ahead))), format: wholeMoney },
    formatPoint: (day) => words.spend.day(day),
  };
}

/** What runs cost as a share of their quote, with the likely ranges. Null without runs. */
export function estimateChart(estimates: readonly RunEstimate[]): ChartSpec | null {
  if (estimates.length === 0) return null;
  const part = (of: (estimate: RunEstimate) => number) =>
    estimates.map((estimate) => of(estimate) / estimate.quoted_dollars.expected);
  const paid = part(({ paid_dollars: dollars }) => dollars);
  const high = part(({ quoted_dollars: quoted }) => quoted.likely_high);
  const range = { format: percent, kind: "line", color: "line-strong", isUnnamed: true, isUnread: true } as const;
  const isOutside = (place: number) => estimates[place]?.is_likely === false;
  const points = { format: percent, kind: "point" } as const;
  const outside = paid.map((value, place) => (isOutside(place) ? value : null));
  return {
    x: estimates.map((_, place) => place + 1),
    series: [
      { ...range, name: words.spend.range, values: high },
      { ...range, name: words.spend.range, values: part(({ quoted_dollars: quoted }) => quoted.likely_low) },
      {
        name: words.spend.quote,
        values: estimates.map(() => 1),
        format: (_, place) => {
          const quoted = estimates[place]?.quoted_dollars;
          return quoted ? `${money(quoted.expected)} (${words.spend.rangeOf(quoted)})` : "";
        },
        kind: "line",
        color: "text-muted",
        isDashed: true,
      },
      {
        ...points,
        name: words.spend.paidInRange,
        values: paid.map((value, place) => (isOutside(place) ? null : value)),
        color: "accent",
      },
      ...(outside.every((value) => value === null)
        ? []
        : [{ ...points, name: words.spend.paidOutside, values: outside, color: "caution" } satisfies ChartSeries]),
    ],
    band: [0, 1],
    xAxis: { from: 0.5, to: estimates.length + 0.5, format: (place) => count(place), steps: COUNT_STEPS },
    yAxis: { from: 0, to: Math.max(1.2, roundUp(Math.max(highest(paid), highest(high)))), format: percent },
    formatPoint: (_, place) => {
      const estimate = estimates[place];
      return estimate ? words.spend.estimateOf(estimate.run, visible(modelName(estimate.model_name))) : "";
    },
  };
}
