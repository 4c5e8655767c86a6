/** Capture dates as filters: months, or years with the months of the selected year when there are many. */
import type { CalendarDate, FilterCount, Span } from "../api/bindings";

export type Days = Span<CalendarDate>;

export interface Period {
  days: Days;
  count: number;
  /** Whether it is a month nested under its year. */
  isWithin: boolean;
}

/** With more months, years are listed first. */
const MANY_MONTHS = 12;

/** `months` are latest first; `chosen` is the selected filter. */
export function periodsOf(months: readonly FilterCount<Days>[], chosen: Days | null): Period[] {
  if (months.length <= MANY_MONTHS) return months.map((month) => periodOf(month, false));
  const open = chosen && yearOf(chosen);
  const years = new Map<string, FilterCount<Days>[]>();
  for (const month of months) years.set(yearOf(month.filter), [...(years.get(yearOf(month.filter)) ?? []), month]);
  return [...years].flatMap(([year, itsMonths]) => {
    const count = itsMonths.reduce((sum, month) => sum + month.count, 0);
    const whole: Period = {
      days: { kind: "between", least: `${year}-01-01`, most: `${year}-12-31` },
      count,
      isWithin: false,
    };
    return [whole, ...(year === open ? itsMonths.map((month) => periodOf(month, true)) : [])];
  });
}

function periodOf({ filter, count }: FilterCount<Days>, isWithin: boolean): Period {
  return { days: filter, count, isWithin };
}

function yearOf(days: Days): string {
  return (days.kind === "between" ? days.least : days.value).slice(0, 4);
}
