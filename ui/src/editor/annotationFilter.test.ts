import { describe, expect, it } from "vitest";

import { coreOf } from "../../test/core";
import { imagesWhere } from "../state/questions";
import { Review } from "./review.svelte";

describe("the annotation filter", () => {
  it("hides by label and confidence, and says how many proposals a decision includes unseen", async () => {
    const core = await coreOf("images=30");
    const review = new Review(core, () => {});
    const ids = await core.imageIds(imagesWhere([{ kind: "image", state: "unreviewed" }], "uncertainty"));
    await review.open(ids);
    while (review.proposals.length < 2 && !review.isAtEnd) {
      review.next();
      await expect.poll(() => review.card ?? review.isAtEnd).toBeTruthy();
    }
    const [least, ...others] = review.annotations;
    if (!least || least.confidence === null) throw new Error("no annotation with a confidence");
    expect(review.hiddenCount).toBe(0);

    review.filter.leastConfidence = least.confidence + 0.001;
    expect(review.visibleAnnotations).not.toContain(least);
    expect(review.hiddenCount).toBeGreaterThan(0);
    expect(review.hiddenProposals).toBe(review.proposals.filter((each) => !review.filter.passes(each)).length);
    expect(review.annotations).toHaveLength(others.length + 1);

    review.filter.showAll();
    review.filter.showLabel(least.label, false);
    expect(review.visibleAnnotations.every(({ label }) => label !== least.label)).toBe(true);
    review.selection.step(1);
    expect(review.selectedAnnotation?.label).not.toBe(least.label);

    review.filter.showLabel(least.label, true);
    expect(review.filter.isActive).toBe(false);
    expect(review.visibleAnnotations).toHaveLength(review.annotations.length);
  });

  it("shows what has no confidence at any least confidence", async () => {
    const core = await coreOf("images=30");
    const review = new Review(core, () => {});
    await review.open(await core.imageIds(imagesWhere([])));
    const shape = { kind: "box", rect: { x1: 10, y1: 10, x2: 60, y2: 50 } } as const;
    review.edits.add(review.imageId ?? 0, { label: "cup", shape, attributes: {} });
    await review.settled();
    review.filter.leastConfidence = 1;
    expect(review.visibleAnnotations.map(({ label }) => label)).toContain("cup");
  });
});
