/** Completing half typed questions, as the core does. */
import type { Completion, Key, RunId, Suggestion, SuggestionKind } from "../../bindings";
import { KEYS, KNOWN, quoted, wordsOf } from "./words";

const MOST_SUGGESTIONS = 12;
/** Of endless values, a few that show the form. */
const FORMS: Partial<Record<Key, readonly string[]>> = {
  conf: ["<0.5", "0.5..0.8", ">=0.8"],
  annotations: ["0", ">=1", ">5", "2..5"],
};

export interface Vocabulary {
  labels: readonly (readonly [string, number])[];
  collections: readonly (readonly [string, number])[];
  runs: readonly (readonly [RunId, string])[];
  months: readonly (readonly [string, number])[];
}

export function complete(text: string, cursor: number, vocabulary: Vocabulary): Completion {
  const before = [...text].slice(0, cursor).join("");
  const end = [...before].length;
  const typed = wordsOf(before).at(-1);
  if (!typed || typed.to !== end) return { from: end, to: end, suggestions: keys("", "") };
  const whole = wordsOf(text).find((word) => word.from === typed.from && word.openQuote === null);
  const isDash = typed.key === null && typed.value === "-";
  const dash = typed.isExcluded || isDash ? "-" : "";
  const named = KEYS.find((key) => key === typed.key?.toLowerCase());
  let suggestions: Suggestion[] = [];
  if (typed.key !== null) suggestions = named ? values(named, dash, typed.value, vocabulary) : [];
  else if (isDash) suggestions = keys(dash, "");
  else if (typed.openQuote === null) {
    const all = KEYS.flatMap((key) => values(key, dash, typed.value, vocabulary));
    suggestions = [...keys(dash, typed.value), ...all];
  }
  return { from: typed.from, to: whole?.to ?? end, suggestions: suggestions.slice(0, MOST_SUGGESTIONS) };
}

function keys(dash: string, typed: string): Suggestion[] {
  const found = KEYS.filter((key) => key.startsWith(typed.toLowerCase()));
  return found.map((key) => ({ text: `${dash}${key}:`, key, kind: { kind: "key" } }));
}

function values(key: Key, dash: string, typed: string, vocabulary: Vocabulary): Suggestion[] {
  const [sign] = (key === "taken" && /^[<>]=?/.exec(typed)) || [""];
  const rest = typed.slice(sign.length).toLowerCase();
  const place = ([value]: readonly [string, SuggestionKind]) => value.toLowerCase().indexOf(rest);
  const matching = known(key, vocabulary).filter((value) => place(value) >= 0);
  const sorted = [...matching.filter((value) => place(value) === 0), ...matching.filter((value) => place(value) > 0)];
  return sorted.map(([value, kind]) => ({
    text: `${dash}${key}:${sign}${quoted(value, true)}`,
    key,
    kind: sign === "" ? kind : { kind: "value" },
  }));
}

function known(key: Key, vocabulary: Vocabulary): [string, SuggestionKind][] {
  const counted = (names: Vocabulary["labels"]) =>
    names.map(([name, count]): [string, SuggestionKind] => [name, { kind: "counted", count }]);
  if (key === "label") return counted(vocabulary.labels);
  if (key === "in") return counted(vocabulary.collections);
  if (key === "taken") return counted(vocabulary.months);
  if (key === "run") return vocabulary.runs.map(([run, model_name]) => [String(run), { kind: "run", model_name }]);
  return (KNOWN[key] ?? FORMS[key] ?? []).map((value) => [value, { kind: "value" }]);
}
