import { describe, expect, it, onTestFinished, vi } from "vitest";

import type { ImageEdit, ImageId } from "../api/bindings";
import type { Core } from "../api/core";
import { imagesWhere } from "../state/questions";
import { coreOf } from "../../test/core";
import { type Notice, Review } from "./review.svelte";

/** A core of which changes are recorded, and refused on request. */
async function opened(): Promise<{
  review: Review;
  core: Core;
  sent: ImageEdit[];
  notices: Notice[];
  refuse: () => void;
}> {
  const core = await coreOf("images=30");
  const sent: ImageEdit[] = [];
  let isRefusing = false;
  const late: Core = Object.create(core, {
    editAnnotations: {
      value: async (edit: ImageEdit) => {
        sent.push(structuredClone(edit));

        if (isRefusing) throw { code: "library", message: "no space left" };
        return core.editAnnotations(edit);
      },
    },
  }) as Core;
  const notices: Notice[] = [];
  const review = new Review(late, (notice) => notices.push(notice));
  await review.vocabulary.load();
  const ids = await core.imageIds(imagesWhere([{ kind: "image", state: "unreviewed" }]));
  await review.open(ids);
  return { review, core, sent, notices, refuse: () => (isRefusing = true) };
}

const BOX = { kind: "box", rect: { x1: 10, y1: 10, x2: 60, y2: 50 } } as const;

function here(review: Review): ImageId {
  if (review.imageId === null) throw new Error("no image");
  return review.imageId;
}

function cardOf(review: Review) {
  if (review.card === null) throw new Error("no card");
  return review.card;
}

function selectedOf(review: Review) {
  if (review.selectedAnnotation === null) throw new Error("no annotation");
  return review.selectedAnnotation;
}

describe("what a person changes", () => {
  it("shows at once and has the core's name in the end", async () => {
    const { review, core } = await opened();
    const count = review.annotations.length;
    const id = review.edits.add(here(review), { label: "cup", shape: BOX, attributes: {} });
    review.select(id);
    expect(review.annotations).toHaveLength(count + 1);
    expect(selectedOf(review)).toMatchObject({ label: "cup", status: "accepted", origin: { kind: "person" } });
    await review.settled();
    expect(review.selected).toBeGreaterThan(0);
    expect(selectedOf(review).label).toBe("cup");
    const [stored] = await core.imageCards([here(review)]);
    expect(stored?.annotations.map((annotation) => annotation.id)).toContain(review.selected);
    expect(stored?.review).toBe("unreviewed");
  });

  it("may be changed and decided before the core has named it", async () => {
    const { review, core, sent } = await opened();
    review.select(review.edits.add(here(review), { label: "cup", shape: BOX, attributes: {} }));
    review.edits.change(here(review), selectedOf(review), { label: "glass" });
    review.edits.nudge(cardOf(review), [selectedOf(review)], 5, 0);
    review.edits.change(here(review), selectedOf(review), { attributes: { full: true } });
    await review.settled();
    expect(sent).toHaveLength(4);
    const [stored] = await core.imageCards([here(review)]);
    expect(stored?.annotations.find(({ id }) => id === review.selected)).toMatchObject({
      label: "glass",
      shape: { rect: { x1: 15, x2: 65 } },
      attributes: { full: true },
    });
  });

  it("is one step when it is nudged on and on, and another after a rest", async () => {
    const { review, sent } = await opened();
    onTestFinished(() => void vi.useRealTimers());
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    review.selection.step(1);
    const before = selectedOf(review).shape;
    for (let times = 0; times < 5; times += 1) {
      review.edits.nudge(cardOf(review), [selectedOf(review)], -1, 0);
      await vi.advanceTimersByTimeAsync(300);
    }
    expect(sent).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(700);
    expect(sent).toHaveLength(1);
    review.edits.nudge(cardOf(review), [selectedOf(review)], 0, 1);
    review.edits.undo(here(review));
    await review.settled();
    expect(sent).toHaveLength(2);
    review.edits.undo(here(review));
    await review.settled();
    expect(selectedOf(review).shape).toEqual(before);
    expect(selectedOf(review).status).toBe("proposed");
  });

  it("is nothing where an annotation cannot go further", async () => {
    const { review, sent } = await opened();
    const id = review.edits.add(here(review), {
      label: "cup",
      shape: { kind: "box", rect: { x1: 0, y1: 5, x2: 9, y2: 9 } },
      attributes: {},
    });
    review.select(id);
    await review.settled();
    review.edits.nudge(cardOf(review), [selectedOf(review)], -1, 0);
    review.edits.nudgeCorner(cardOf(review), selectedOf(review), 0, -10, 0);
    await review.settled();
    expect(sent).toHaveLength(1);
  });

  it("is restored when the core refuses it, told once, and nothing is done to what never was", async () => {
    const { review, sent, notices, refuse } = await opened();
    const before = review.annotations;
    refuse();
    review.select(review.edits.add(here(review), { label: "cup", shape: BOX, attributes: {} }));
    review.edits.change(here(review), selectedOf(review), { label: "glass" });
    await review.settled();
    expect(sent).toHaveLength(1);
    expect(review.annotations).toEqual(before);
    expect(review.selected).toBeNull();
    expect(notices).toMatchObject([{ kind: "refused" }]);
  });

  it("is undone and done again on its own image, and says when there is nothing", async () => {
    const { review, notices } = await opened();
    const image = here(review);
    const count = review.annotations.length;
    review.select(review.edits.add(image, { label: "cup", shape: BOX, attributes: {} }));
    await review.settled();
    const added = review.selected;
    review.next();
    review.edits.undo(here(review));
    await review.settled();
    expect(notices).toEqual([{ kind: "nothing_to_undo_here" }]);
    review.previous();
    review.edits.undo(image);
    await review.settled();
    expect(review.annotations).toHaveLength(count);
    review.edits.redo(image);
    await review.settled();
    expect(review.selected).toBe(added);
    review.edits.redo(image);
    await review.settled();
    expect(notices.at(-1)).toEqual({ kind: "nothing_to_redo_here" });
  });

  it("is what undo takes back and redo repeats, wherever it was", async () => {
    const { review, notices } = await opened();
    const count = review.annotations.length;
    review.edits.add(here(review), { label: "cup", shape: BOX, attributes: {} });
    review.next();
    review.undo();
    await review.settled();
    expect(review.index).toBe(0);
    expect(review.annotations).toHaveLength(count);
    review.next();
    review.redo();
    await review.settled();
    expect(review.index).toBe(0);
    expect(review.annotations).toHaveLength(count + 1);
    expect(review.selectedAnnotation?.label).toBe("cup");
    review.redo();
    await review.settled();
    expect(notices.at(-1)).toEqual({ kind: "nothing_to_redo" });
  });

  it("does not review an image; accepting the person's own annotation does", async () => {
    const { review } = await opened();
    const image = here(review);
    review.edits.remove(image, review.proposals);
    expect(review.proposals).toEqual([]);
    expect(cardOf(review).review).toBe("unreviewed");
    review.select(review.edits.add(image, { label: "cup", shape: BOX, attributes: {} }));
    review.decisions.accept();
    await review.settled();
    expect(review.cards.get(image)?.review).toBe("reviewed");
    expect(review.imageId).not.toBe(image);
  });
});

describe("several annotations", () => {
  /** Review of an image with three selected user annotations, and the number of calls since. */
  async function withThree() {
    const { review, core, sent } = await opened();
    const rects = [10, 40, 70].map((x1) => ({ kind: "box", rect: { x1, y1: 10, x2: x1 + 20, y2: 30 } }) as const);
    const ids = rects.map((shape) => review.edits.add(here(review), { label: "cup", shape, attributes: {} }));
    review.selection.set(ids);
    await review.settled();
    sent.length = 0;
    const shapes = () => review.selectedAnnotations.map(({ shape }) => (shape.kind === "box" ? shape.rect.x1 : null));
    return { review, core, sent, shapes };
  }

  it("are nudged, called and taken away as one step each, which Ctrl+Z takes back with the selection", async () => {
    const { review, sent, shapes } = await withThree();
    expect(review.selectedAnnotations).toHaveLength(3);
    expect(review.selected).toBeNull();
    review.edits.nudge(cardOf(review), review.selectedAnnotations, -30, 0);
    expect(shapes()).toEqual([0, 30, 60]);
    review.edits.relabel(here(review), review.selectedAnnotations, "glass");
    const count = review.annotations.length;
    review.edits.remove(here(review), review.selectedAnnotations);
    review.select(null);
    await review.settled();
    expect(review.annotations).toHaveLength(count - 3);
    expect(sent.map(({ changes }) => changes.length)).toEqual([3, 3, 3]);
    review.edits.undo(here(review));
    await review.settled();
    expect(review.selectedAnnotations.map(({ label }) => label)).toEqual(["glass", "glass", "glass"]);
    review.edits.undo(here(review));
    review.edits.undo(here(review));
    await review.settled();
    expect(review.selectedAnnotations.map(({ label }) => label)).toEqual(["cup", "cup", "cup"]);
    expect(shapes()).toEqual([10, 40, 70]);
  });

  it("are copied together, and the copies are selected, also once they are named", async () => {
    const { review, sent, shapes } = await withThree();
    review.selection.set(review.edits.duplicate(cardOf(review), review.selectedAnnotations, 5));
    expect(shapes()).toEqual([15, 45, 75]);
    await review.settled();
    expect(sent).toHaveLength(1);
    expect(review.selectedAnnotations.every(({ id }) => id > 0)).toBe(true);
    expect(shapes()).toEqual([15, 45, 75]);
  });

  it("are rejected with a reason as one step, and the image is left when nothing waits", async () => {
    const { review, core, sent } = await withThree();
    const image = here(review);
    review.selectAll();
    const all = new Set(review.selection.ids);
    expect(all.size).toBeGreaterThan(3);
    review.decisions.reject();
    expect(review.imageId).not.toBe(image);
    review.decisions.giveReason("bad_box");
    await review.settled();
    expect(sent).toHaveLength(2);
    const [card] = await core.imageCards([image]);
    expect(card?.review).toBe("confirmed_empty");
    expect(card?.annotations.filter(({ reject_reason }) => reject_reason === "bad_box")).toHaveLength(all.size);
    review.undo();
    await review.settled();
    expect(review.imageId).toBe(image);
    expect(new Set(review.selection.ids)).toEqual(all);
    expect(review.annotations.every(({ status }) => status !== "rejected")).toBe(true);
  });

  it("are all in sight but those that were rejected", async () => {
    const { review } = await withThree();
    const [first] = review.proposals;
    if (first) review.decisions.decideAnnotation(first, { kind: "reject", reason: null });
    review.selectAll();
    expect(review.selectedAnnotations).toHaveLength(
      review.annotations.filter(({ status }) => status !== "rejected").length,
    );
    await review.settled();
  });
});
