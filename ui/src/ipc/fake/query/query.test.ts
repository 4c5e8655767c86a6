/** The core in memory reads questions as the core does: these are the core's own cases. */
import { expect, it } from "vitest";

import cases from "../../../../../src-tauri/crates/domain/src/query/cases.json";
import { complete, type Vocabulary } from "./complete";
import { queryText, readQuery } from "./read";

it.each(cases.questions)("reads $text", ({ text, conditions, canonical, problem }) => {
  const read = readQuery(text);
  expect(read.problem).toEqual(problem ?? null);
  if (conditions) expect(read.conditions).toEqual(conditions);
  if (conditions) expect(queryText(read.conditions)).toBe(canonical ?? text);
});

it.each(cases.completions)("completes $text at $cursor", ({ text, cursor, from, to, suggestions }) => {
  const completion = complete(text, cursor, cases.vocabulary as unknown as Vocabulary);
  expect({ ...completion, suggestions: completion.suggestions.map((each) => each.text) }).toEqual({
    from,
    to,
    suggestions,
  });
});
