import { describe, expect, it, vi } from "vitest";

import { Review } from "../editor/review.svelte";
import type { Annotation, BulkEditResult, Check, ImageId } from "../api/bindings";
import type { Core } from "../api/core";
import { App } from "../state/app.svelte";
import { imagesWhere } from "../state/questions";
import { redoLatest, notifyUndoable, undoLatest } from "../state/undo";
import { coreOf } from "../../test/core";
import { changeFor, Findings } from "./findings.svelte";
import { Repairing } from "./repairing.svelte";

const CHECKS: Check[] = ["duplicate", "huge", "tiny", "outside", "odd_aspect", "misspelled"];
const SEEDED = "mistakes&images=240";
const everything = imagesWhere([]);

it("carries out what the core says of an annotation", () => {
  const annotation: Annotation = {
    id: 7,
    origin: { kind: "run", run: 1 },
    propagated_from: null,
    label: "cup",
    color: 1,
    shape: { kind: "box", rect: { x1: 0, y1: 0, x2: 10, y2: 10 } },
    confidence: 0.5,
    attributes: {},
    status: "proposed",
    reject_reason: null,
  };
  expect(changeFor({ kind: "reject", reason: "duplicate" }, annotation)).toMatchObject({
    kind: "decide",
    id: 7,
    verdict: { kind: "reject", reason: "duplicate" },
  });
  expect(changeFor({ kind: "remove" }, annotation)).toEqual({ kind: "remove", id: 7 });
  expect(changeFor({ kind: "relabel", label: "cups" }, annotation)).toMatchObject({
    kind: "change",
    content: { label: "cups", shape: annotation.shape },
  });
  expect(changeFor({ kind: "crop" }, annotation)).toMatchObject({ kind: "change", content: { label: "cup" } });
});

describe("checks", () => {
  it.each(CHECKS)("find %s, repair it on all images, and take that back at once", async (check) => {
    const core = await coreOf(SEEDED);
    const query = imagesWhere([{ kind: "check", check }]);
    const images = await core.imageIds(query);
    expect(images.length).toBeGreaterThan(0);
    const { checks } = await core.filterCounts(everything);
    expect(checks.find(({ filter }) => filter === check)?.count).toBe(images.length);
    const before = await core.imageCards(images);
    const swept = await core.repair(check, query, false);
    expect(swept.images).toBe(images.length);
    expect(swept.annotations).toBeGreaterThanOrEqual(images.length);
    expect(await core.imageIds(query)).toEqual([]);
    expect(await core.undoLatest()).toMatchObject({ others: images.length - 1 });
    expect(await core.imageCards(images)).toEqual(before);
  });

  it("puts images with open proposals first, and so those with a mistake", async () => {
    const core = await coreOf(SEEDED);
    const ids = await core.imageIds({ ...everything, order: "uncertainty" });
    const cards = await core.imageCards(ids);
    const areOpen = cards.map(({ annotations }) => annotations.some(({ status }) => status === "proposed"));
    expect(areOpen).toEqual([...areOpen].sort().reverse());
    const mistaken = new Set(await core.imageIds(imagesWhere([{ kind: "check", check: "duplicate" }])));
    const open = ids.slice(0, areOpen.indexOf(false));
    expect(open).toEqual(expect.arrayContaining([...mistaken]));
  });
});

describe("a repair of many images", () => {
  const query = imagesWhere([{ kind: "check", check: "tiny" }]);

  async function wanted(): Promise<{ repairing: Repairing; core: Core; told: BulkEditResult[]; decided: ImageId }> {
    const core = await coreOf(SEEDED);
    const [decided = 0] = await core.imageIds(query);
    const [card] = await core.imageCards([decided]);
    const [mistake] = (await core.findings(decided)).filter(({ check }) => check === "tiny");
    const annotation = card?.annotations.find(({ id }) => id === mistake?.annotation);
    if (!annotation) throw new Error("nothing to accept");
    await core.decide({
      image: decided,
      scope: { kind: "annotation", id: annotation.id },
      verdict: { kind: "accept" },
    });
    const told: BulkEditResult[] = [];
    const repairing = new Repairing(core, (_, swept) => told.push(swept), vi.fn());
    await repairing.request("tiny", query);
    return { repairing, core, told, decided };
  }

  it("asks with the counts before it changes several images, and leaves alone what people have accepted", async () => {
    const { repairing, core, told, decided } = await wanted();
    expect(told).toEqual([]);
    const { asked } = repairing;
    if (!asked) throw new Error("there was no request");
    const images = await core.imageIds(query);
    const reviewed = (await core.imageCards(images)).filter(({ review }) => review !== "unreviewed");
    expect(asked).toMatchObject({ decided: 1, images: images.length, reviewed: reviewed.length });
    await repairing.confirm(true);
    expect(told).toMatchObject([{ annotations: asked.annotations - 1 }]);
    expect(await core.imageIds(query)).toContain(decided);
    await repairing.request("tiny", query);
    await repairing.confirm(false);
    expect(await core.imageIds(query)).toEqual([]);
  });

  it.each(CHECKS)("asks for %s too, and does nothing when it is declined", async (check) => {
    const { repairing, core, told } = await wanted();
    const of = imagesWhere([{ kind: "check", check }]);
    const images = await core.imageIds(of);
    repairing.decline();
    await repairing.request(check, of);
    expect(repairing.asked).toMatchObject({ check, images: images.length });
    repairing.decline();
    expect([told, await core.imageIds(of)]).toEqual([[], images]);
  });
});

describe("undo of a bulk edit", () => {
  const query = imagesWhere([{ kind: "check", check: "tiny" }]);

  it("works in the library, and so does redo", async () => {
    const app = new App(await coreOf(SEEDED));
    const images = await app.core.imageIds(query);
    const before = await app.core.imageCards(images);
    await app.core.repair("tiny", query, false);
    notifyUndoable(app, "repaired");
    const after = await app.core.imageCards(images);
    await undoLatest(app);
    expect(await app.core.imageCards(images)).toEqual(before);
    // The notice's action is used up.
    expect(app.notices.list.map(({ action }) => action)).toEqual([null]);
    expect(app.notices.list.at(-1)?.text).toBe(`Undone on ${images.length} images`);
    await redoLatest(app);
    expect(await app.core.imageCards(images)).toEqual(after);
    await redoLatest(app);
    expect(app.notices.list.at(-1)?.text).toBe("There is nothing to redo.");
  });

  it("works in review, at an image that it did not change", async () => {
    const core = await coreOf(SEEDED);
    const images = await core.imageIds(query);
    const before = await core.imageCards(images);
    const other = (await core.imageIds(imagesWhere([]))).find((image) => !images.includes(image)) ?? 0;
    await core.repair("tiny", query, false);
    const told: unknown[] = [];
    const review = new Review(core, (notice) => told.push(notice));
    await review.open([other, ...images]);
    review.goTo(0);
    review.edits.undo(other);
    await review.settled();
    expect(told).toEqual([{ kind: "undone_on_many", images: images.length }]);
    expect(await core.imageCards(images)).toEqual(before);
    expect(review.imageId).toBe(other);
    review.edits.redo(other);
    await review.settled();
    expect(told.at(-1)).toEqual({ kind: "redone_on_many", images: images.length });
    expect(await core.imageIds(query)).toEqual([]);
  });

  it("leaves alone what was done after it", async () => {
    const core = await coreOf(SEEDED);
    const [first = 0, second = 0] = await core.imageIds(query);
    await core.repair("tiny", query, false);
    const repaired = await core.imageCards([second]);
    await core.decide({ image: first, scope: { kind: "image" }, verdict: { kind: "accept" } });
    await core.undoOn(first);
    await core.decide({ image: first, scope: { kind: "image" }, verdict: { kind: "reject", reason: null } });
    expect(await core.undoOn(second)).toMatchObject({ others: 0 });
    expect(await core.imageCards([second])).not.toEqual(repaired);
  });
});

describe("on the image that is reviewed", () => {
  async function reviewing(check: Check): Promise<{ review: Review; findings: Findings; image: ImageId }> {
    const core = await coreOf(SEEDED);
    const [image = 0] = await core.imageIds(imagesWhere([{ kind: "check", check }]));
    const review = new Review(core, vi.fn());
    await review.open([image]);
    const findings = new Findings(core, review, vi.fn());
    await findings.load(review.card);
    return { review, findings, image };
  }

  it("the key leads to the mistake, and repairs it", async () => {
    const { review, findings } = await reviewing("outside");
    findings.repair();
    const { selectedAnnotation } = review;
    expect(selectedAnnotation && findings.of(selectedAnnotation)).toMatchObject([{ check: "outside" }]);
    findings.repair();
    await review.settled();
    const { width } = review.card?.size ?? { width: 0 };
    const repaired = review.card?.annotations.find(({ id }) => id === selectedAnnotation?.id);
    expect(repaired).toMatchObject({ status: "edited", shape: { rect: { x2: width } } });
    expect(review.selected).toBeNull();
    await findings.load(review.card);
    expect(findings.canRepair).toBe(false);
  });

  it("what is rejected is no mistake any more, before the core has said so", async () => {
    const { review, findings } = await reviewing("tiny");
    const tiny = review.annotations.find((each) => findings.of(each).some(({ check }) => check === "tiny"));
    if (!tiny) throw new Error("no tiny annotation");
    review.decisions.decideAnnotation(tiny, { kind: "reject", reason: null });
    expect(review.annotations.filter((each) => each.id === tiny.id).flatMap((each) => findings.of(each))).toEqual([]);
  });
});
