import { expect, it, vi } from "vitest";

import type { LayerScope } from "../api/bindings";
import { ALL_LAYERS, inLayers, PEOPLE_ONLY } from "../state/layers";
import { imagesWhere } from "../state/questions";
import { coreOf } from "../../test/core";
import { Review } from "./review.svelte";

it("has unreviewed images by default, and keeps those reviewed since", async () => {
  const core = await coreOf();
  const unreviewed = await core.imageIds(imagesWhere([{ kind: "image", state: "unreviewed" }], "uncertainty"));
  const review = new Review(core, vi.fn());
  await review.openAll(null);
  expect(review.queue).toEqual(unreviewed);
  expect(review.isByUncertainty).toBe(true);
  review.decisions.accept();
  await review.settled();
  const { imageId } = review;
  await review.openAll(null);
  expect(review.queue).toEqual(unreviewed);
  expect(review.imageId).toBe(imageId);
  expect(review.reviewedCount).toBe(1);
  await review.openFrom({ ids: unreviewed.slice(0, 2), index: 0 });
  expect(review.isByUncertainty).toBe(false);
});

it("tells when undo took many images back", async () => {
  const core = await coreOf("mistakes&images=240");
  const query = imagesWhere([{ kind: "check", check: "tiny" }]);
  const images = await core.imageIds(query);
  await core.repair("tiny", query, false);
  const tell = vi.fn();
  const review = new Review(core, tell);
  await review.open(images);
  review.undo();
  await review.settled();
  expect(tell).toHaveBeenCalledWith({ kind: "undone_on_many", images: images.length });
});

it.each([
  { question: "imageIds", isUnread: true, areAnnotationsUnread: false },
  { question: "imageCards", isUnread: false, areAnnotationsUnread: true },
] as const)("reports that $question was refused until it is answered", async ({ question, ...expected }) => {
  const tell = vi.fn();
  const core = await coreOf();
  vi.spyOn(core, question).mockRejectedValueOnce({ code: "library", message: "" });
  const review = new Review(core, tell);
  await review.openAll(null);
  expect(tell).toHaveBeenCalledTimes(1);
  expect(review).toMatchObject(expected);
  await review.refresh();
  expect(review).toMatchObject({ isUnread: false, areAnnotationsUnread: false });
  expect(review.card).not.toBeNull();
});

it("says nothing of how many are reviewed while that could not be read", async () => {
  const core = await coreOf();
  const images = await core.imageIds(imagesWhere([]));
  vi.spyOn(core, "imageIds").mockRejectedValueOnce({ code: "library", message: "" });
  const review = new Review(core, vi.fn());
  await review.open(images);
  expect(review.reviewedCount).toBeNull();
  await review.refresh();
  expect(review.reviewedCount).not.toBeNull();
});

it("reads its queue again in other layers, and stays at its image where these have it", async () => {
  const query = imagesWhere([{ kind: "image", state: "unreviewed" }]);
  let layers: LayerScope = ALL_LAYERS;
  const core = await coreOf();
  const found = await core.imageIds(query);
  const review = new Review(
    inLayers({ ...core, imageIds: async () => (layers.kind === "all" ? found : found.slice(0, 3)) }, () => layers),
    vi.fn(),
  );
  const chosen = { ids: found, index: 1, query };
  await review.openFrom(chosen, layers);
  review.next();
  review.previous();
  layers = PEOPLE_ONLY;
  await review.openFrom(chosen, layers);
  expect([review.queue, review.imageId]).toEqual([found.slice(0, 3), found[1]]);
});
