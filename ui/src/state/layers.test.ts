import { expect, it, vi } from "vitest";

import { Review } from "../editor/review.svelte";
import type { ImageCard, LayerScope } from "../api/bindings";
import { Library } from "../gallery/library.svelte";
import { openReviewOfRun } from "../run/review";
import { coreOf } from "../../test/core";
import { App } from "./app.svelte";
import { ALL_LAYERS, inLayers, layersOfRuns, onlyRun, PEOPLE_ONLY, withRunToggled } from "./layers";
import { imagesOfRun, imagesWhere } from "./questions";

const runsOn = ({ annotations }: ImageCard) =>
  new Set(
    annotations.flatMap(({ origin, status }) => (origin.kind === "run" && status === "proposed" ? origin.run : [])),
  );

it("accepts in the review of a run what that run proposes, and nothing else", async () => {
  const app = new App(await coreOf("images=60&layers"));
  await app.start();
  await openReviewOfRun(app, 2);
  expect(app.scope.layersInReview).toEqual(layersOfRuns([2]));
  const review = new Review(
    inLayers(app.core, () => app.scope.layersInReview),
    vi.fn(),
  );
  await review.openFrom(app.navigation.review ?? { ids: [], index: 0 });
  const { card } = review;
  const [before] = await app.core.imageCards([card?.id ?? 0]);
  expect(runsOn(before as ImageCard)).toEqual(new Set([1, 2]));
  expect(runsOn(card as ImageCard)).toEqual(new Set([2]));

  review.decisions.accept();
  await review.settled();
  const [after, ofRun, ofOther] = await Promise.all(
    [ALL_LAYERS, layersOfRuns([2]), layersOfRuns([1])].map(async (layers) => {
      const [seen] = await app.core.imageCards([card?.id ?? 0], layers);
      return seen as ImageCard;
    }),
  );
  expect(runsOn(after as ImageCard)).toEqual(new Set([1]));
  expect([after?.review, ofRun?.review, ofOther?.review]).toEqual(["unreviewed", "reviewed", "unreviewed"]);
  expect(ofOther?.annotations.filter(({ status }) => status === "accepted")).toEqual(
    ofRun?.annotations.filter(({ status }) => status === "accepted"),
  );
});

it("counts what could be accepted in the run that is named, or in the layers that are chosen", async () => {
  const core = await coreOf("images=60&layers");
  const count = async (layers: LayerScope | null, query = imagesWhere([])) => {
    const labels = await core.proposalConfidences({ ...query, layers });
    return labels.reduce((sum, { hundredths }) => sum + hundredths.reduce((all, each) => all + each, 0), 0);
  };
  const [all, one, two] = await Promise.all([count(null), count(layersOfRuns([1])), count(layersOfRuns([2]))]);
  expect(one).toBeGreaterThan(0);
  expect(one + two).toBe(all);
  expect(await count(null, imagesOfRun(2))).toBe(two);
  expect(await count(PEOPLE_ONLY)).toBe(0);
});

it("shows the layer of a run that the search names, until another is chosen", async () => {
  const app = new App(await coreOf("images=20&layers"));
  const { question } = new Library(app);
  expect(question.layers).toEqual(ALL_LAYERS);
  await question.type("run:2");
  expect(question.layers).toEqual(layersOfRuns([2]));
  app.scope.layers = ALL_LAYERS;
  expect(question.layers).toEqual(ALL_LAYERS);
  await question.type("run:1");
  expect(question.layers).toEqual(layersOfRuns([1]));
  await question.type("");
  expect(question.layers).toEqual(ALL_LAYERS);
});

it("adds runs to those that are shown and takes them away", () => {
  const one = withRunToggled(ALL_LAYERS, 5);
  expect(onlyRun(one)).toBe(5);
  expect(withRunToggled(one, 2)).toEqual(layersOfRuns([2, 5]));
  expect(withRunToggled(one, 5)).toEqual(PEOPLE_ONLY);
});
