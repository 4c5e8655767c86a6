/** The runs of the table: filtered, and sorted by a column. */
import type { RunSummary } from "../api/bindings";
import { modelName, recipeName } from "../messages";
import { paidOf, partOfQuote } from "./cost";

export interface RunFilters {
  /** In the number, name, tags, model or recipe. */
  text: string;
  /** By id. */
  model: string | null;
  recipe: string | null;
  tag: string | null;
}

export const NO_FILTERS: RunFilters = { text: "", model: null, recipe: null, tag: null };

export type RunColumn =
  | "run"
  | "started"
  | "model"
  | "recipe"
  | "images"
  | "quoted"
  | "paid"
  | "deviation"
  | "p50"
  | "p95"
  | "retries"
  | "rate"
  | "reviewed";

export function isFiltered({ text, model, recipe, tag }: RunFilters): boolean {
  return text.trim() !== "" || model !== null || recipe !== null || tag !== null;
}

const folded = (text: string): string => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

export function filtered(runs: readonly RunSummary[], filters: RunFilters): RunSummary[] {
  const words = folded(filters.text).split(/\s+/u).filter(Boolean);
  return runs.filter((run) => {
    const { name, tags } = run.description;
    const said = folded(
      [run.id, name, ...tags, modelName(run.model_name), run.model, recipeName(run.recipe_name)].join("\n"),
    );
    return (
      words.every((word) => said.includes(word)) &&
      (filters.model === null || run.model === filters.model) &&
      (filters.recipe === null || run.recipe_name === filters.recipe) &&
      (filters.tag === null || tags.includes(filters.tag))
    );
  });
}

/** What a run is sorted by; null comes last. */
export function sortValue(run: RunSummary, column: RunColumn): string | number | null {
  switch (column) {
    case "run":
      return run.description.name === "" ? run.id : run.description.name;
    case "started":
      return run.started_at;
    case "model":
      return modelName(run.model_name);
    case "recipe":
      return recipeName(run.recipe_name);
    case "images":
      return run.total;
    case "quoted":
      return run.quoted_dollars?.expected ?? null;
    case "paid":
      return paidOf(run);
    case "deviation":
      return partOfQuote(run);
    case "p50":
      return run.p50_millis;
    case "p95":
      return run.p95_millis;
    case "retries":
      return run.retries;
    case "rate":
      return run.rate_per_minute;
    case "reviewed":
      return run.total === 0 ? null : run.reviewed_count / run.total;
  }
}

/** The values of all runs, each once, in the order of the alphabet. */
export function valuesOf(runs: readonly RunSummary[], of: (run: RunSummary) => readonly string[]): string[] {
  return [...new Set(runs.flatMap(of))].sort((one, other) => one.localeCompare(other));
}
