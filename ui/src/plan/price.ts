/** Cost of a model for the current plan, and its number of images. */
import type { CostRange, ModelQuote, PlanRequest, Quote, RunMode } from "../api/bindings";
import { isBlocking } from "./unsupported";

/** `cost` is null without a known price, if the vendor has no batches, or if the model cannot run the recipe. */
export type Price = { cost: CostRange; why: null } | { cost: null; why: "no_price" | "now_only" | "unsupported" };

export function priceOf(row: ModelQuote, mode: RunMode): Price {
  const cost = mode === "batch" ? row.batch_dollars : row.cost_dollars;
  if (cost !== null) return { cost, why: null };
  if (row.cost_dollars === null && row.unsupported_capabilities.some(isBlocking)) return { cost, why: "unsupported" };
  return { cost: null, why: mode === "batch" && row.cost_dollars !== null ? "now_only" : "no_price" };
}

/** Options of a quote besides images and recipe. */
export type Terms = Pick<PlanRequest, "propagates_to_similar" | "ignores_saved_answers">;

/** Images that a model gets; those with propagated annotations do not count as answered. */
export function askedOf(row: ModelQuote, { image_count, similar }: Quote, terms: Terms): number {
  const followers = terms.propagates_to_similar ? similar.followers : 0;
  return Math.max(0, image_count - followers - (terms.ignores_saved_answers ? 0 : row.answered_before));
}
