/** Builds library queries. */
import type { Condition, ImageOrder, ImageQuery, RunId, Test } from "../api/bindings";

/** All images that match every test. */
export function imagesWhere(tests: readonly Test[], order: ImageOrder = "added"): ImageQuery {
  return { collection: null, conditions: tests.map((test) => ({ is_excluded: false, test })), order };
}

/** The images of a run, least certain first. */
export function imagesOfRun(run: RunId): ImageQuery {
  return imagesWhere([{ kind: "run", run }], "least_certain");
}

/** Whether two tests are equal. Labels and names are case-insensitive. */
export function isSameTest(one: Test, other: Test): boolean {
  return JSON.stringify(one).toLowerCase() === JSON.stringify(other).toLowerCase();
}

/** Labels of a test on labels, any of which will do; empty for other tests. */
export function labelsOf(test: Test): readonly string[] {
  if (test.kind === "label") return [test.name];
  return test.kind === "any_label" ? test.names : [];
}

/** The test on these labels; null if there are none. */
function labelTest(names: readonly string[]): Test | null {
  const [name, ...others] = names;
  if (name === undefined) return null;
  return others.length === 0 ? { kind: "label", name } : { kind: "any_label", names: [...names] };
}

function isSameName(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

/** The conditions without a label, alone or among alternatives. */
export function withoutLabel(conditions: readonly Condition[], name: string): Condition[] {
  return conditions.flatMap((condition) => {
    const names = labelsOf(condition.test);
    const left = names.filter((each) => !isSameName(each, name));
    if (left.length === names.length) return [condition];
    const test = labelTest(left);
    return test === null ? [] : [{ ...condition, test }];
  });
}

/** Adds a label as an alternative to the latest condition on a label, or takes it out of there. */
export function withAlternative(conditions: readonly Condition[], name: string): Condition[] {
  if (standing(conditions, { kind: "label", name }) === "included") return withoutLabel(conditions, name);
  const others = withoutLabel(conditions, name);
  const place = others.findLastIndex(({ test, is_excluded }) => !is_excluded && labelsOf(test).length > 0);
  const test = labelTest([...labelsOf(others[place]?.test ?? { kind: "label", name }), name]);
  if (place < 0 || test === null) return [...others, { is_excluded: false, test: { kind: "label", name } }];
  return others.with(place, { is_excluded: false, test });
}

/** Whether and how a test is among the conditions. A label may be among alternatives. */
export function standing(conditions: readonly Condition[], test: Test): "included" | "excluded" | null {
  const condition = conditions.find(
    (each) =>
      isSameTest(each.test, test) ||
      (test.kind === "label" && labelsOf(each.test).some((label) => isSameName(label, test.name))),
  );
  if (!condition) return null;
  return condition.is_excluded ? "excluded" : "included";
}
