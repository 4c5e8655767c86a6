import { describe, expect, it } from "vitest";

import type { ModelQuote, UnsupportedCapability, Quote } from "../api/bindings";
import { coreOf } from "../../test/core";
import { askedOf, priceOf, type Terms } from "./price";

const PLAIN: Terms = { propagates_to_similar: false, ignores_saved_answers: false };

async function quoted(query: string, terms = PLAIN): Promise<{ quote: Quote; row: ModelQuote }> {
  const core = await coreOf(query);
  const quote = await core.quote({
    images: { kind: "all" },
    recipe: 1,
    ...terms,
    options: {},
    pilot: null,
    budget_dollars: null,
  });
  return { quote, row: quote.models.find(({ model }) => model.id === "claude-haiku-5-5") as ModelQuote };
}

it("has the price of the chosen mode, or says why there is none", async () => {
  const { quote, row } = await quoted("?priced&key");
  expect(priceOf(row, "live")).toEqual({ cost: row.cost_dollars, why: null });
  expect(priceOf(row, "batch")).toEqual({ cost: row.batch_dollars, why: null });
  expect(priceOf(quote.models[0] as ModelQuote, "batch").why).toBe("now_only");
  const unpriced = { ...row, cost_dollars: null, batch_dollars: null };
  expect(priceOf(unpriced, "batch").why).toBe("no_price");
  const missing: UnsupportedCapability = { kind: "example_photos", details: ["1: gone.jpg"] };
  expect(priceOf({ ...unpriced, unsupported_capabilities: [missing] }, "live").why).toBe("unsupported");
});

describe("the images that are asked about", () => {
  it.each([
    [PLAIN, 60],
    [{ ...PLAIN, ignores_saved_answers: true }, 60],
    [{ ...PLAIN, propagates_to_similar: true }, 60],
    [{ propagates_to_similar: true, ignores_saved_answers: true }, 60],
  ])("are as many as their cost is for: %j", async (terms, all) => {
    const { quote, row } = await quoted("?priced&key&answered&similar", terms);
    expect(quote.image_count).toBe(all);
    expect(row.answered_before).toBeGreaterThan(0);
    const asked = askedOf(row, quote, terms);
    expect(row.cost_basis?.sent.reduce((sum, { count }) => sum + count, 0)).toBe(asked);
  });
});
