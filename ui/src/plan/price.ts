/** What a row of the table costs as the plan stands, and how many images that is for. */
import type { CostRange, ModelQuote, PlanRequest, Quote, RunMode } from "../ipc/bindings";

/** `cost` is null where nobody has told a price, and where the vendor offers no batches. */
export type Price = { cost: CostRange; why: null } | { cost: null; why: "no_price" | "now_only" };

export function priceOf(row: ModelQuote, mode: RunMode): Price {
  const cost = mode === "batch" ? row.batch_dollars : row.cost_dollars;
  if (cost !== null) return { cost, why: null };
  return { cost: null, why: mode === "batch" && row.cost_dollars !== null ? "now_only" : "no_price" };
}

/** What a quote was asked for, beside its images and recipe. */
export type Terms = Pick<PlanRequest, "propagates_to_similar" | "ignores_saved_answers">;

/** Images that a model is asked about; those that are given the annotations of others do not count among the answered. */
export function askedOf(row: ModelQuote, { image_count, similar }: Quote, terms: Terms): number {
  const followers = terms.propagates_to_similar ? similar.followers : 0;
  return Math.max(0, image_count - followers - (terms.ignores_saved_answers ? 0 : row.answered_before));
}
