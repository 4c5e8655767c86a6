/** Cost of a model for the current plan, and its number of images. */
import type { CostRange, ModelQuote, PlanRequest, Quote, RunMode } from "../ipc/bindings";

/** `cost` is null without a known price, or if the vendor has no batches. */
export type Price = { cost: CostRange; why: null } | { cost: null; why: "no_price" | "now_only" };

export function priceOf(row: ModelQuote, mode: RunMode): Price {
  const cost = mode === "overnight" ? row.overnight_dollars : row.cost_dollars;
  if (cost !== null) return { cost, why: null };
  return { cost: null, why: mode === "overnight" && row.cost_dollars !== null ? "now_only" : "no_price" };
}

/** Options of a quote besides images and recipe. */
export type Terms = Pick<PlanRequest, "carries_to_similar" | "asks_anew">;

/** Images that a model gets; those with propagated annotations do not count as answered. */
export function askedOf(row: ModelQuote, { image_count, similar }: Quote, terms: Terms): number {
  const followers = terms.carries_to_similar ? similar.followers : 0;
  return Math.max(0, image_count - followers - (terms.asks_anew ? 0 : row.answered_before));
}
