/** Typed questions to conditions and back, as the core does. */
import type { Condition, ImageState, QueryKey, ProblemKind, ReadQuery, Test } from "../../bindings";
import { KEYS, KNOWN, quoted, type Word, wordsOf } from "./words";

type AnySpan<Value> =
  { kind: "below" | "at_most" | "at_least" | "above"; value: Value } | { kind: "between"; least: Value; most: Value };
/** The first and the last value that a text stands for. */
type Ends<Value> = readonly [Value, Value] | null;

const SIGNS = { "<=": "at_most", ">=": "at_least", "<": "below", ">": "above" } as const;

export function readQuery(text: string): ReadQuery {
  const conditions: Condition[] = [];
  let problem: ReadQuery["problem"] = null;
  for (const word of wordsOf(text)) {
    const test = testOf(word);
    if ("problem" in test) problem ??= test;
    else conditions.push({ is_excluded: word.isExcluded, test });
  }
  return { conditions, problem };
}

function testOf(word: Word): Test | { from: number; to: number; problem: ProblemKind } {
  if (word.openQuote !== null) return { from: word.openQuote, to: word.to, problem: { kind: "open_quote" } };
  if (word.key === null) return { kind: "text", text: word.value };
  const key = KEYS.find((each) => each === word.key?.toLowerCase());
  if (!key) {
    const to = word.keyFrom + [...word.key].length;
    return { from: word.keyFrom, to, problem: { kind: "unknown_key", key: word.key } };
  }
  if (word.value === "") return { from: word.from, to: word.to, problem: { kind: "no_value", key } };
  const known = [...(KNOWN[key] ?? [])];
  const problem: ProblemKind = { kind: "unknown_value", key, value: word.value, known };
  return keyed(key, word.value) ?? { from: word.valueFrom, to: word.to, problem };
}

function keyed(key: QueryKey, value: string): Test | null {
  const known = KNOWN[key]?.find((each) => each === value.toLowerCase()) as never;
  switch (key) {
    case "label":
      return { kind: "label", name: value };
    case "in":
      return { kind: "in", name: value };
    case "status":
      return known && { kind: "image", state: stateOf(known) };
    case "annotation":
      return known && { kind: "annotation", status: known };
    case "failed":
      return known && { kind: "failure", failure: known };
    case "has":
      return known && { kind: "has", what: known };
    case "check":
      return known && { kind: "check", check: known };
    case "run":
      return /^[1-9]\d*$/.test(value) ? { kind: "run", run: Number(value) } : null;
    case "annotations":
      return spanned("annotations", spanOf(value, wholes));
    case "conf":
      return spanned("confidence", spanOf(value, shares));
    case "taken":
    case "date":
      return spanned(key, spanOf(value, days));
  }
}

function spanned(kind: "annotations" | "confidence" | "taken" | "date", span: AnySpan<never> | null): Test | null {
  return span && { kind, span };
}

function spanOf<Value>(text: string, read: (text: string) => Ends<Value>): AnySpan<never> | null {
  for (const [sign, kind] of Object.entries(SIGNS)) {
    if (!text.startsWith(sign)) continue;
    const ends = read(text.slice(sign.length));
    return ends && ({ kind, value: ends[kind === "at_most" || kind === "above" ? 1 : 0] } as AnySpan<never>);
  }
  const [first = "", last = first, more] = text.split("..");
  const [least, most] = [read(first), read(last)];
  if (!least || !most || more !== undefined || least[0] > most[1]) return null;
  return { kind: "between", least: least[0], most: most[1] } as AnySpan<never>;
}

function wholes(text: string): Ends<number> {
  return /^\d{1,9}$/.test(text) ? [Number(text), Number(text)] : null;
}

function shares(text: string): Ends<number> {
  const value = /^\d*\.?\d+$/.test(text) ? Number(text) : NaN;
  return value <= 1 ? [value, value] : null;
}

function days(text: string): Ends<string> {
  const [, year, month, day] = /^(\d{4})(?:-(\d\d))?(?:-(\d\d))?$/.exec(text) ?? [];
  if (year === undefined || Number(month ?? 1) < 1 || Number(month ?? 1) > 12) return null;
  const lastDay = new Date(Date.UTC(Number(year), Number(month ?? 12), 0)).getUTCDate();
  if (day !== undefined) return Number(day) >= 1 && Number(day) <= lastDay ? [text, text] : null;
  return [`${year}-${month ?? "01"}-01`, `${year}-${month ?? "12"}-${lastDay}`];
}

function stateOf(name: string): ImageState {
  return name === "empty" ? "confirmed_empty" : (name as ImageState);
}

export function queryText(conditions: readonly Condition[]): string {
  return conditions.map(({ is_excluded, test }) => `${is_excluded ? "-" : ""}${wordOf(test)}`).join(" ");
}

function wordOf(test: Test): string {
  switch (test.kind) {
    case "text":
      return quoted(test.text, false);
    case "label":
    case "in":
      return `${test.kind}:${quoted(test.name, true)}`;
    case "any_label":
      return `label:${test.names.map((name) => quoted(name, true)).join("|")}`;
    case "image":
      return `status:${test.state === "confirmed_empty" ? "empty" : test.state}`;
    case "annotation":
      return `annotation:${test.status}`;
    case "failure":
      return `failed:${test.failure}`;
    case "has":
      return `has:${test.what}`;
    case "check":
      return `check:${test.check}`;
    case "run":
      return `run:${test.run}`;
    case "confidence":
      return `conf:${spanText(test.span)}`;
    case "annotations":
      return `annotations:${spanText(test.span)}`;
    case "taken":
    case "date":
      return `${test.kind}:${spanText(wholePeriods(test.span))}`;
  }
}

/** Whole years and months without their first and last days. */
function wholePeriods(span: AnySpan<string>): AnySpan<string> {
  if (span.kind !== "between" || !span.least.endsWith("-01") || days(span.most.slice(0, 7))?.[1] !== span.most)
    return span;
  const length = span.least.endsWith("-01-01") && span.most.endsWith("-12-31") ? 4 : 7;
  return { ...span, least: span.least.slice(0, length), most: span.most.slice(0, length) };
}

function spanText(span: AnySpan<number | string>): string {
  if (span.kind === "between") return span.least === span.most ? `${span.least}` : `${span.least}..${span.most}`;
  const sign = Object.entries(SIGNS).find(([, kind]) => kind === span.kind)?.[0] ?? "";
  return `${sign}${span.value}`;
}
