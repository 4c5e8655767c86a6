/** Library queries: chips, suggestions and errors. */
import type {
  Condition,
  ImageOrder,
  ImageState,
  QueryKey,
  ProblemKind,
  Status,
  Suggestion,
  Test,
  Trait,
} from "../../api/bindings";
import { confidence, count, date, period } from "../format";
import { checks } from "./checks";
import { failures } from "./failures";

type Spans = Extract<Test, { span: unknown }>["span"];

const states: Record<ImageState, string> = {
  unreviewed: "Unreviewed",
  reviewed: "Reviewed",
  confirmed_empty: "Empty",
  failed: "Failed",
  running: "In a run",
};

const statuses: Record<Status, string> = {
  proposed: "Undecided",
  accepted: "Accepted",
  edited: "Edited",
  rejected: "Rejected",
  ground_truth: "Ground truth",
};

const traits: Record<Trait, { has: string; lacks: string }> = {
  annotations: { has: "With annotations", lacks: "Without annotations" },
  answer: { has: "Annotated by a model", lacks: "Not annotated by a model" },
  attributes: { has: "With attributes", lacks: "Without attributes" },
};

function range(span: Spans, shown: (value: never) => string): string {
  switch (span.kind) {
    case "below":
      return `under ${shown(span.value as never)}`;
    case "at_most":
      return `at most ${shown(span.value as never)}`;
    case "at_least":
      return `at least ${shown(span.value as never)}`;
    case "above":
      return `over ${shown(span.value as never)}`;
    case "between":
      return span.least === span.most
        ? shown(span.least as never)
        : `${shown(span.least as never)} to ${shown(span.most as never)}`;
  }
}

function dates(span: Spans): string {
  switch (span.kind) {
    case "below":
      return `before ${date(String(span.value))}`;
    case "at_most":
      return `until ${date(String(span.value))}`;
    case "at_least":
      return `since ${date(String(span.value))}`;
    case "above":
      return `after ${date(String(span.value))}`;
    case "between": {
      const [from, to] = period(String(span.least), String(span.most)).ends;
      return from === to ? from : `${from} to ${to}`;
    }
  }
}

function lowered(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** The text of a condition, and of its negation. */
function conditionTexts(test: Test): [string, string] {
  const both = (text: string): [string, string] => [text, `Not ${lowered(text)}`];
  switch (test.kind) {
    case "in":
      return [`In ${test.name}`, `Not in ${test.name}`];
    case "label":
      return [`With ${test.name}`, `Without ${test.name}`];
    case "any_label": {
      const names = new Intl.ListFormat("en", { type: "disjunction" }).format(test.names);
      return [`With ${names}`, `Without ${names}`];
    }
    case "image":
      return both(states[test.state]);
    case "annotation":
      return [`${statuses[test.status]} annotations`, `No ${statuses[test.status].toLowerCase()} annotations`];
    case "confidence": {
      const text = range(test.span, confidence);
      return [`Confidence ${text}`, `No confidence ${text}`];
    }
    case "run":
      return [`In run ${count(test.run)}`, `Not in run ${count(test.run)}`];
    case "failure":
      return both(failures[test.failure]);
    case "has":
      return [traits[test.what].has, traits[test.what].lacks];
    case "check": {
      const name = checks.names[test.check];
      return [`Likely mistake: ${lowered(name)}`, `Without likely mistake: ${lowered(name)}`];
    }
    case "annotations":
      return both(`Annotations: ${range(test.span, count)}`);
    case "date":
      return both(`Dated ${dates(test.span)}`);
    case "taken":
      return both(`Taken: ${dates(test.span)}`);
    case "text":
      return [`“${test.text}”`, `Not “${test.text}”`];
  }
}

const keys: Record<QueryKey, string> = {
  label: "a label on the image",
  status: "unreviewed, reviewed, empty, failed, running",
  conf: "confidence of an annotation, such as <0.5",
  annotation: "review status of an annotation",
  annotations: "number of annotations, such as >3",
  has: "annotations, answer, attributes",
  check: "likely mistakes: duplicate, huge, tiny and more",
  run: "number of a run",
  failed: "reason for a failure",
  in: "a collection",
  taken: "date taken, such as 2026-05",
  date: "date of the file, such as 2026-11",
};

const forms: Partial<Record<QueryKey, string>> = {
  conf: "“conf:” takes a number from 0 to 1, such as <0.5 or 0.5..0.8.",
  annotations: "“annotations:” takes a number, such as 0, >3 or 2..5.",
  run: "“run:” takes the number of a run, such as 12.",
  taken: "“taken:” takes a day, a month or a year, such as 2026-05-14 or >=2026-05.",
  date: "“date:” takes a day, a month or a year, such as 2026-11-03 or >=2026-11.",
};

/** Keyed by the typed value. */
const checkNames: Record<string, string | undefined> = checks.names;

export const query = {
  condition: ({ is_excluded, test }: Condition): string => conditionTexts(test)[is_excluded ? 1 : 0],
  statuses,
  traits,
  confidenceRange: (span: Spans) => {
    const text = range(span, confidence);
    return text.charAt(0).toUpperCase() + text.slice(1);
  },
  failures,
  problem: (problem: ProblemKind): string => {
    switch (problem.kind) {
      case "unknown_key":
        return `There is no filter “${problem.key}:”. Text with a colon goes in quotes.`;
      case "no_value":
        return `Enter a value after “${problem.key}:”: ${keys[problem.key]}.`;
      case "unknown_value":
        return forms[problem.key] ?? `“${problem.key}:” takes ${problem.known.join(", ")}.`;
      case "open_quote":
        return "A closing quotation mark is missing.";
    }
  },
  suggestion: ({ text, key, kind }: Suggestion): string => {
    switch (kind.kind) {
      case "key":
        return keys[key];
      case "value":
        return key === "check" ? (checkNames[text.slice(text.indexOf(":") + 1)] ?? "") : "";
      case "counted":
        return count(kind.count);
      case "run":
        return kind.model_name;
    }
  },
  order: "Sort by",
  orders: {
    added: "Date added",
    name: "File name",
    taken: "Date taken",
    newest: "Newest file",
    least_certain: "Lowest confidence",
    uncertainty: "Most uncertain",
    most_annotations: "Most annotations",
    disagreement: "Disagreement",
  } satisfies Record<ImageOrder, string>,
  notReversed: "Sorted as named; reverse",
  reversed: "Reversed; sort as named",
  only: (name: string) => `Add “${name}” to the filters`,
  orAlternative: (name: string) => `Or “${name}”`,
  noLonger: (name: string) => `Remove “${name}” from the filters`,
  search: "Search",
  searchPlaceholder: "Search, or label:cat",
  suggestions: "Suggestions",
  clear: "Clear the search",
  active: "Filters",
  remove: (text: string) => `Remove: ${text}`,
  clearAll: "Clear all",
  filters: "Filters",
  groups: {
    labels: "Labels",
    labelsHere: "Labels in this collection",
    confidence: "Confidence",
    annotations: "Annotations",
    taken: "Date taken",
    runs: "Runs",
    failures: "Failures",
  },
  period: (span: Spans) => {
    const text = dates(span);
    return text.charAt(0).toUpperCase() + text.slice(1);
  },
  run: (run: number, model: string) => `Run ${count(run)}, ${model}`,
  exclude: (name: string) => `Exclude ${name}`,
  allLabels: (number: number) => `Show all ${count(number)}`,
  fewLabels: "Show fewer",
  nothing: {
    title: "No image matches",
    note: "Remove one of these filters to see more:",
    plain: "Change the search to see more.",
    collection: (name: string) => `In ${name}`,
    showAll: "Show all images",
  },
};
