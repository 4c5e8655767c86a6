/** Builds library queries. */
import type { Condition, ImageOrder, ImageQuery, RunId, Test } from "../ipc/bindings";

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

/** Whether and how a test is among the conditions. */
export function standing(conditions: readonly Condition[], test: Test): "included" | "excluded" | null {
  const condition = conditions.find((each) => isSameTest(each.test, test));
  if (!condition) return null;
  return condition.is_excluded ? "excluded" : "included";
}
