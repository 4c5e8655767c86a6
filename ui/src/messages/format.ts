/** Formatting of all figures that users see. */
import type { CalendarDate, CostRange, Taken } from "../api/bindings";
import { figures as en } from "./en/figures";
import { figures as es } from "./es/figures";
import { language } from "./language.svelte";

const FIGURES = { en, es };

/** Formatters are expensive, so each is created once. */
const numberFormats = new Map<string, Intl.NumberFormat>();
const dayFormats = new Map<string, Intl.DateTimeFormat>();

function numbers(options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const { numbers: locale } = language.locales;
  return remembered(
    numberFormats,
    `${locale} ${JSON.stringify(options)}`,
    () => new Intl.NumberFormat(locale, options),
  );
}

function days(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const { days: locale } = language.locales;
  return remembered(dayFormats, `${locale} ${JSON.stringify(options)}`, () => new Intl.DateTimeFormat(locale, options));
}

function remembered<Format>(formats: Map<string, Format>, name: string, make: () => Format): Format {
  const known = formats.get(name);
  if (known !== undefined) return known;
  const made = make();
  formats.set(name, made);
  return made;
}

/** Dollars with a range of decimals. */
function dollarsOf(dollars: number, least: number, most: number): string {
  return numbers({
    style: "currency",
    currency: "USD",
    currencyDisplay: "narrowSymbol",
    minimumFractionDigits: least,
    maximumFractionDigits: most,
  }).format(dollars);
}

function whole(value: number): string {
  return numbers({ maximumFractionDigits: 0 }).format(value);
}

/** 12486 as "12,486". */
export function count(value: number): string {
  return whole(value);
}

/** A number with at most this many decimals. */
export function decimal(value: number, digits = 1): string {
  return numbers({ maximumFractionDigits: digits }).format(value);
}

/** A share from 0 to 1 as "97 %". */
export function percent(share: number): string {
  const hundredths = share * 100;
  // Not "100 %" unless it is all, not "0 %" unless it is none.
  const shown = share < 1 && hundredths > 99.5 ? 99 : share > 0 && hundredths < 0.5 ? 1 : hundredths;
  return `${whole(shown)} %`;
}

/** Dollars as "$0", "$0.0004", "$0.41", "$13.31": cents, and below ten cents two significant digits. */
export function money(dollars: number): string {
  if (dollars === 0) return dollarsOf(0, 0, 0);
  const size = Math.abs(dollars);
  if (size < 1e-6) return FIGURES[language.current].under(money(1e-6));
  const digits = Math.max(2, 1 - Math.floor(Math.log10(size)));
  return dollarsOf(dollars, 2, digits);
}

/** Decimals that `money` gives an amount, up to those of a pico-dollar. */
function decimalsOf(dollars: number): number {
  return dollars < 1e-12 ? 2 : Math.min(12, Math.max(2, 1 - Math.floor(Math.log10(dollars))));
}

/**
 * With the precision that `money` gives `part`, so that such parts are visible in the sum: "$0.1842" beside "$0.0022".
 */
export function moneyBeside(dollars: number, part: number): string {
  if (part < 1e-12) return money(dollars);
  const digits = decimalsOf(part);
  return dollarsOf(dollars, digits, digits);
}

/** The likely range: "$0.31–0.54". */
export function likelyMoney({ likely_low: low, likely_high: high }: CostRange): string {
  const [from, to] = [money(low), money(high)];
  if (from === to) return from;
  const plain = (dollars: number) =>
    dollars === 0
      ? whole(0)
      : numbers({ minimumFractionDigits: 2, maximumFractionDigits: decimalsOf(dollars) }).format(dollars);
  return to.replace(plain(high), `${plain(low)}–${plain(high)}`);
}

/**
 * An actual cost, its estimate, the likely range and the bound, all with the precision of the smaller of the first two.
 */
export function costAndEstimate(
  cost: number,
  { likely_low: low, expected, likely_high: high, at_most: atMost }: CostRange,
): { cost: string; estimate: string; likely: string; bound: string } {
  const digits = decimalsOf(cost > 0 && expected > 0 ? Math.min(cost, expected) : Math.max(cost, expected));
  // A dollar and more is in cents.
  const digitsOf = (dollars: number) => (dollars < 1 ? digits : 2);
  const amount = (dollars: number) => dollarsOf(dollars, digitsOf(dollars), digitsOf(dollars));
  const plain = (dollars: number) =>
    numbers({ minimumFractionDigits: digitsOf(dollars), maximumFractionDigits: digitsOf(dollars) }).format(dollars);
  return {
    cost: cost === 0 ? money(0) : amount(cost),
    estimate: amount(expected),
    likely: amount(high).replace(plain(high), `${plain(low)}–${plain(high)}`),
    bound: amount(roundedUp(atMost, digitsOf(atMost))),
  };
}

/** A limit, never rounded: "$0.60", "$0.6005". */
export function exactMoney(dollars: number): string {
  return dollarsOf(dollars, 2, 12);
}

/** An upper bound: rounded up where `money` rounds. */
export function enoughMoney(dollars: number): string {
  if (dollars === 0) return money(0);
  return exactMoney(roundedUp(dollars, decimalsOf(dollars)));
}

function roundedUp(dollars: number, digits: number): number {
  const units = 10 ** digits;
  return Math.ceil(scaled(dollars, units)) / units;
}

/** Removes floating-point noise, so that whole units stay whole. */
function scaled(dollars: number, units: number): number {
  return Number((dollars * units).toPrecision(12));
}

/**
 * A sum and its parts with equal decimals, precise enough to follow the sum and rounded so that the shown parts add up
 * to it.
 */
export function moneyParts(amounts: readonly number[]): { parts: string[]; sum: string } {
  const total = amounts.reduce((sum, part) => sum + part, 0);
  const size = Math.floor(Math.log10(Math.max(total, 1e-6)));
  const digits = Math.min(9, Math.max(2, 4 - size));
  const scale = 10 ** digits;
  const shown = amounts.map((part) => Math.floor(scaled(part, scale)));
  let missing = Math.round(scaled(total, scale)) - shown.reduce((sum, part) => sum + part, 0);
  // The parts that lost most by rounding down are rounded up.
  const byLoss = amounts.map((part, place) => ({ place, loss: scaled(part, scale) - (shown[place] ?? 0) }));
  for (const { place } of byLoss.sort((one, other) => other.loss - one.loss)) {
    if (missing-- > 0) shown[place] = (shown[place] ?? 0) + 1;
  }
  const said = (units: number) => dollarsOf(units / scale, digits, digits);
  return { parts: shown.map(said), sum: said(shown.reduce((sum, part) => sum + part, 0)) };
}

/** A round amount, such as a power of ten: "$0.10", "$1", "$100". */
export function wholeMoney(dollars: number): string {
  return Number.isInteger(dollars) ? dollarsOf(dollars, 0, 0) : money(dollars);
}

const BYTE_UNITS = ["B", "KB", "MB", "GB"];

/** Bytes as "812 B", "14 KB", "3.1 MB". */
export function byteCount(bytes: number): string {
  const power = Math.min(BYTE_UNITS.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  const value = bytes / 1000 ** power;
  return `${power > 0 && value < 9.95 ? decimal(value, 1) : whole(value)} ${BYTE_UNITS[power]}`;
}

/** Milliseconds as "84 ms", "1.4 s", "20 s", "3 min 25 s", "2 h 5 min", "3 d 4 h". */
export function duration(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  if (seconds === 0) return "0 s";
  if (seconds < 0.001) return FIGURES[language.current].under("1 ms");
  if (seconds < 0.9995) return `${whole(milliseconds)} ms`;
  if (seconds < 9.95) return `${decimal(seconds, 1)} s`;
  const wholeSeconds = Math.round(seconds);
  if (wholeSeconds < 60) return `${wholeSeconds} s`;
  if (wholeSeconds < 3600) return pair(wholeSeconds, 60, "min", 1, "s");
  const minutes = Math.round(seconds / 60);
  if (minutes < 24 * 60) return pair(minutes, 60, "h", 1, "min");
  return pair(Math.round(minutes / 60), 24, "d", 1, "h");
}

function pair(value: number, large: number, largeName: string, small: number, smallName: string): string {
  const rest = Math.floor((value % large) / small);
  const head = `${whole(Math.floor(value / large))} ${largeName}`;
  return rest === 0 ? head : `${head} ${rest} ${smallName}`;
}

const A_DAY_MILLIS = 86_400_000;
const TIME = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" } as const;
// A calendar day has no time zone: it is read and written in UTC.
const DAY = { day: "numeric", month: "short", timeZone: "UTC" } as const;

/** Milliseconds since the epoch as "23 Nov, 13:42". */
export function moment(milliseconds: number): string {
  return days({ day: "numeric", month: "short", ...TIME }).format(milliseconds);
}

/** Milliseconds since the epoch as "14:05". */
export function clock(milliseconds: number): string {
  return days(TIME).format(milliseconds);
}

/** "2026-11-23" as "23 Nov 2026". */
export function date(day: CalendarDate): string {
  return days({ ...DAY, year: "numeric" }).format(new Date(day));
}

/** "2026-11-23" as "November 2026". */
export function month(day: CalendarDate): string {
  return days({ month: "long", year: "numeric", timeZone: "UTC" }).format(new Date(day));
}

/** "2026-11-23" as "Nov", and in January as "Jan 2026". */
export function monthName(day: CalendarDate): string {
  const year = day.slice(5, 7) === "01" ? ({ year: "numeric" } as const) : {};
  return days({ month: "short", ...year, timeZone: "UTC" }).format(new Date(day));
}

/** The first and last day of a span, or its whole months or years: "May 2026", "2025". */
export function period(
  least: CalendarDate,
  most: CalendarDate,
): { are: "days" | "months" | "years"; ends: [string, string] } {
  const next = new Date(Date.parse(most) + A_DAY_MILLIS).toISOString();
  if (least.endsWith("-01-01") && most.endsWith("-12-31"))
    return { are: "years", ends: [least.slice(0, 4), most.slice(0, 4)] };
  if (least.endsWith("-01") && next.slice(8, 10) === "01") return { are: "months", ends: [month(least), month(most)] };
  return { are: "days", ends: [date(least), date(most)] };
}

/** The camera's clock: "14 May 2026, 10:32". */
export function taken({ clock_millis }: Taken): string {
  return days({ ...DAY, year: "numeric", ...TIME }).format(clock_millis);
}

/** The same with the offset from UTC, if known: "14 May 2026, 10:32 (UTC+2)". */
export function takenWithZone(at: Taken): string {
  const { minutes_ahead_of_utc } = at;
  if (minutes_ahead_of_utc === null) return taken(at);
  const size = Math.abs(minutes_ahead_of_utc);
  const minutes = size % 60 === 0 ? "" : `:${String(size % 60).padStart(2, "0")}`;
  return `${taken(at)} (UTC${minutes_ahead_of_utc < 0 ? "−" : "+"}${Math.floor(size / 60)}${minutes})`;
}

/** "2026-11-23" as "23 Nov". */
export function dayOfYear(day: CalendarDate): string {
  return days(DAY).format(new Date(day));
}

/** Width and height as "2352 × 1568". */
export function pixels(size: { width: number; height: number }): string {
  return `${size.width} × ${size.height}`;
}

/** A confidence from 0 to 1: ".91" in English, "0,91" in Spanish, where the zero is always written; 1 is "1.0". */
export function confidence(value: number): string {
  if (value >= 0.995) return numbers({ minimumFractionDigits: 1 }).format(1);
  const text = numbers({ minimumFractionDigits: 2, maximumFractionDigits: 2 }).format(value);
  return language.current === "en" ? text.slice(1) : text;
}

/** A figure from 0 to 1 with all of its decimals: ".514" in English, "0,514" in Spanish, where the zero is always written. */
export function ratio(value: number, digits = 3): string {
  const text = numbers({ minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
  return language.current === "en" ? text.replace(/^(-?)0\./, "$1.") : text;
}

/** A list of names, shortened: "cup, spoon and 3 more". */
export function names(all: readonly string[], most = 6): string {
  if (all.length <= most) return all.join(", ");
  return FIGURES[language.current].andMore(all.slice(0, most).join(", "), count(all.length - most));
}
