/**
 * Typed questions as the core in memory reads them. The real rules are the core's own; the tests of both read the same
 * cases, `domain/src/query/cases.json`.
 */
import type { Key } from "../../bindings";

export const KEYS: readonly Key[] = [
  "label",
  "status",
  "conf",
  "annotation",
  "annotations",
  "has",
  "check",
  "run",
  "failed",
  "in",
  "taken",
  "date",
];

/** What keys take of which there are few. */
export const KNOWN: Partial<Record<Key, readonly string[]>> = {
  status: ["unreviewed", "reviewed", "empty", "failed", "running"],
  annotation: ["proposed", "accepted", "edited", "rejected"],
  has: ["annotations", "answer", "attributes"],
  check: ["duplicate", "huge", "tiny", "outside", "odd_aspect", "misspelled"],
  failed: [
    "file_missing",
    "file_unreadable",
    "model_failed",
    "expired",
    "refused",
    "declined",
    "cut_off",
    "answer_unreadable",
    "answer_unusable",
    "coordinates_as_fractions",
    "coordinates_as_thousandths",
    "internal_error",
  ],
};

export interface Word {
  isExcluded: boolean;
  key: string | null;
  value: string;
  /** Places in characters: of the word, of its key, of its value, of a quote that nothing closes. */
  from: number;
  to: number;
  keyFrom: number;
  valueFrom: number;
  openQuote: number | null;
}

export function wordsOf(text: string): Word[] {
  const characters = [...text];
  const words: Word[] = [];
  for (let at = 0; at < characters.length;) {
    if (isSpace(characters[at])) {
      at += 1;
      continue;
    }
    const word = wordAt(characters, at);
    words.push(word);
    at = word.to;
  }
  return words;
}

function wordAt(characters: readonly string[], from: number): Word {
  let at = from;
  const isExcluded = characters[at] === "-" && at + 1 < characters.length && !isSpace(characters[at + 1]);
  if (isExcluded) at += 1;
  const keyFrom = at;
  while (/[\p{L}\p{N}]/u.test(characters[at] ?? "")) at += 1;
  const key = at > keyFrom && characters[at] === ":" ? characters.slice(keyFrom, at++).join("") : null;
  if (key === null) at = keyFrom;
  const valueFrom = at;
  let value = "";
  let openQuote: number | null = null;
  while (at < characters.length && !isSpace(characters[at])) {
    if (characters[at] !== '"') {
      value += characters[at++];
      continue;
    }
    openQuote = at++;
    while (at < characters.length && openQuote !== null) {
      const character = characters[at++] ?? "";
      if (character === '"') openQuote = null;
      else if (character === "\\" && ['"', "\\"].includes(characters[at] ?? "")) value += characters[at++];
      else value += character;
    }
  }
  return { isExcluded, key, value, from, to: at, keyFrom, valueFrom, openQuote };
}

function isSpace(character: string | undefined): boolean {
  return character !== undefined && /\s/.test(character);
}

export function quoted(value: string, isAfterKey: boolean): string {
  const isPlain =
    value !== "" && !/[\s"]/.test(value) && (isAfterKey || !(value.startsWith("-") || value.includes(":")));
  return isPlain ? value : `"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}
