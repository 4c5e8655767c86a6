import { describe, expect, it } from "vitest";

import type { AcceptedCost, SpendReport, SpendRow } from "../api/bindings";
import { words } from "../messages";
import { acceptedTile, noBars, paidText, perThousand, shareOf } from "./figures";

const said = words.spend;

function row(paid: number, requests: number, unpriced: number): SpendRow {
  return {
    runs: 1,
    images: requests,
    requests,
    unpriced_requests: unpriced,
    paid_dollars: paid,
    paid_for_failed_dollars: 0,
    possibly_billed_dollars: 0,
    input_tokens: 0,
    output_tokens: 0,
  };
}

const cost = (paid: number, unpriced: number, accepted: number): AcceptedCost => ({
  model: `${paid} ${unpriced} ${accepted}`,
  images: 1,
  unpriced_requests: unpriced,
  paid_dollars: paid,
  accepted,
});

describe("an amount that is only partly known", () => {
  it("says so", () => {
    expect(paidText(row(1.5, 4, 0))).toBe("$1.50");
    expect(paidText(row(1.5, 4, 3))).toBe("$1.50 and unknown");
    expect(paidText(row(0, 3, 3))).toBe("unknown");
  });

  it("has no shares and no cost of a thousand annotations", () => {
    expect(shareOf(1, row(4, 4, 0))).toBe(0.25);
    expect(shareOf(1, row(4, 4, 1))).toBeNull();
    expect(shareOf(0, row(0, 4, 0))).toBeNull();
    expect(perThousand(cost(2, 0, 100))).toBe(20);
    expect(perThousand(cost(2, 1, 100))).toBeNull();
    expect(perThousand(cost(2, 0, 0))).toBeNull();
  });
});

describe("the cost of accepted annotations", () => {
  const tile = (...accepted: AcceptedCost[]) => acceptedTile({ accepted } as unknown as SpendReport);

  it("is that of the models that were paid for", () => {
    expect(tile(cost(2, 0, 100), cost(0, 0, 900))).toEqual({ dollars: 20, note: said.accepted(100) });
  });

  it("is missing for the reason that is given", () => {
    expect(tile()).toEqual({ dollars: null, note: said.noneReviewed });
    expect(tile(cost(2, 0, 0))).toEqual({ dollars: null, note: said.noneAccepted });
    expect(tile(cost(0, 0, 5))).toEqual({ dollars: null, note: said.reviewedFree });
    expect(tile(cost(2, 0, 5), cost(1, 3, 5))).toEqual({ dollars: null, note: said.unpricedReviewed(3) });
  });
});

it("a period without bars says whether nothing was sent, nothing was paid, or the price is unknown", () => {
  expect(noBars(row(0, 0, 0))).toBe(said.noMonths.nothingSent);
  expect(noBars(row(0, 3, 0))).toBe(said.noMonths.nothingPaid);
  expect(noBars(row(0, 3, 3))).toBe(said.noMonths.priceUnknown);
});
