import { describe, expect, it } from "vitest";

import type { Annotation, ImageCard, Status } from "../api/bindings";
import { words } from "../messages";
import { acceptingOf } from "./verdict";

function card(review: ImageCard["review"], ...statuses: Status[]): ImageCard {
  return { review, annotations: statuses.map((status, id) => ({ id, status }) as Annotation) } as ImageCard;
}

/** The button's text with the annotations at these indices selected. */
function button(of: ImageCard, ...places: number[]): string {
  return words.review.accepts(
    acceptingOf(
      of,
      of.annotations.filter(({ id }) => places.includes(id)),
    ),
  );
}

describe("the button of Accept", () => {
  it("confirms an image as empty only when nothing on it stands", () => {
    expect(button(card("unreviewed"))).toBe("Confirm empty");
    expect(button(card("unreviewed", "rejected", "rejected"))).toBe("Confirm empty");
    expect(button(card("unreviewed", "accepted", "rejected"))).toBe("Confirm and next");
    expect(button(card("unreviewed", "edited"))).toBe("Confirm and next");
  });

  it("accepts what waits, and goes on where nothing does", () => {
    expect(button(card("unreviewed", "proposed", "accepted"))).toBe("Accept and next");
    expect(button(card("reviewed", "proposed"))).toBe("Accept and next");
    expect(button(card("reviewed", "accepted"))).toBe("Next image");
  });

  it("is about what is selected, and counts only what is not accepted yet", () => {
    const image = card("unreviewed", "proposed", "accepted", "rejected", "proposed");
    expect(button(image, 0)).toBe("Accept this annotation");
    expect(button(image, 0, 1, 2)).toBe("Accept 2 annotations");
    expect(button(image, 1)).toBe("Next proposal");
    expect(button(card("reviewed", "accepted"), 0)).toBe("Next image");
    expect(button(card("unreviewed", "accepted"), 0)).toBe("Confirm and next");
  });
});
