/** When the photos of the core in memory were taken: in bursts over a year, but for some that do not say. */
import type { CalendarDate, ImageId, Span, Taken } from "../bindings";
import { chance } from "./photos";

const FIRST = Date.UTC(2025, 11, 3, 9);
const A_DAY_MILLIS = 86_400_000;
const DAYS = 240;
/** Photos of one outing. */
const A_BURST = 7;

export function takenOf(id: ImageId): Taken | null {
  if (chance(id, 92) < 0.1) return null;
  const day = Math.floor(chance(Math.floor(id / A_BURST), 93) * DAYS);
  const millis = Math.floor(chance(id, 94) * (A_DAY_MILLIS / 3));
  return { clock_millis: FIRST + day * A_DAY_MILLIS + millis, minutes_ahead_of_utc: chance(id, 95) < 0.5 ? 120 : null };
}

export function dayOf({ clock_millis }: Taken): CalendarDate {
  return new Date(clock_millis).toISOString().slice(0, 10);
}

/** As it is typed: "2026-05". */
export function monthOf(taken: Taken): string {
  return dayOf(taken).slice(0, 7);
}

export function daysOf(month: string): Span<CalendarDate> {
  const [year, number] = month.split("-").map(Number) as [number, number];
  const last = new Date(Date.UTC(year, number, 0)).getUTCDate();
  return { kind: "between", least: `${month}-01`, most: `${month}-${last}` };
}
