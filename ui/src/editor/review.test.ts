import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { Annotation, Decision, ImageCard, ImageId, ImageQuery, LibraryOverview, Step } from "../api/bindings";
import { type Notice, Review, type ReviewCore } from "./review.svelte";
import { withDecision } from "./changes";

function annotation(id: number, confidence: number | null): Annotation {
  return {
    id,
    origin: { kind: "run", run: 1 },
    propagated_from: null,
    label: "cup",
    color: 1,
    shape: { kind: "box", rect: { x1: 0, y1: 0, x2: 10, y2: 10 } },
    confidence,
    attributes: {},
    status: "proposed",
    reject_reason: null,
  };
}

function image(id: ImageId, ...annotations: Annotation[]): ImageCard {
  return {
    id,
    name: `${id}.jpg`,
    size: { width: 100, height: 100 },
    review: "unreviewed",
    taken: null,
    is_annotated: true,
    is_running: false,
    failure: null,
    annotations,
  };
}

/** A core that records calls, answers with a delay, and fails on request. */
class RecordingCore implements ReviewCore {
  readonly cards: Map<ImageId, ImageCard>;
  readonly said: Decision[] = [];
  readonly #before: Step[] = [];
  refusal: unknown = null;
  #latest = 0;

  constructor(cards: ImageCard[]) {
    this.cards = new Map(cards.map((card) => [card.id, card]));
  }

  imageIds({ conditions }: Pick<ImageQuery, "conditions">): Promise<ImageId[]> {
    const isMeant = ({ review }: ImageCard) => conditions.length === 0 || review === "unreviewed";
    return Promise.resolve([...this.cards.values()].filter(isMeant).map(({ id }) => id));
  }

  imageCards(ids: ImageId[]): Promise<ImageCard[]> {
    return Promise.resolve(ids.flatMap((id) => this.cards.get(id) ?? []));
  }

  async decide(decision: Decision): Promise<Step> {
    await Promise.resolve();
    if (this.refusal !== null) throw this.refusal;
    const card = this.cards.get(decision.image);
    if (!card) throw new Error("gone");
    this.said.push(decision);
    this.#latest += 1;
    this.#before.push({ id: this.#latest, image: card, annotations: [], others: 0 });
    const decided = withDecision(card, decision);
    this.cards.set(card.id, decided);
    return { id: this.#latest, image: decided, annotations: [], others: 0 };
  }

  editAnnotations(): Promise<Step> {
    return Promise.reject(new Error("no edits here"));
  }

  redoLatest(): Promise<Step | null> {
    return Promise.resolve(null);
  }

  redoOn(): Promise<Step | null> {
    return Promise.resolve(null);
  }

  runs(): Promise<never[]> {
    return Promise.resolve([]);
  }

  recipes(): Promise<never[]> {
    return Promise.resolve([]);
  }

  overview(): Promise<LibraryOverview> {
    const counts = { all: 0, unreviewed: 0, reviewed: 0, confirmed_empty: 0, failed: 0 };
    return Promise.resolve({ collections: [], counts, smart_collections: [], labels: [] });
  }

  async undoLatest(): Promise<Step | null> {
    await Promise.resolve();
    return this.#takeBack(this.#before.at(-1));
  }

  async undoOn(image: ImageId): Promise<Step | null> {
    await Promise.resolve();
    return this.#takeBack(this.#before.findLast((step) => step.image.id === image));
  }

  #takeBack(undone: Step | undefined): Step | null {
    if (!undone) return null;
    this.#before.splice(this.#before.indexOf(undone), 1);
    this.cards.set(undone.image.id, undone.image);
    return undone;
  }
}

async function opened(
  ...cards: ImageCard[]
): Promise<{ core: RecordingCore; review: Review; notices: Notice[]; clock: { now: number } }> {
  const core = new RecordingCore(cards);
  const notices: Notice[] = [];
  const clock = { now: 0 };
  const review = new Review(
    core,
    (notice) => notices.push(notice),
    () => clock.now,
  );
  await review.open(cards.map(({ id }) => id));
  return { core, review, notices, clock };
}

describe("review", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("accepts every proposal of the image and goes on before the answer is there", async () => {
    const { core, review } = await opened(
      image(1, annotation(1, 0.9), annotation(2, 0.4)),
      image(2, annotation(3, 0.5)),
    );
    review.decisions.accept();
    expect(review.imageId).toBe(2);
    expect(review.cards.get(1)?.review).toBe("reviewed");
    expect(review.reviewedCount).toBe(1);
    await review.settled();
    expect(core.said).toEqual([{ image: 1, scope: { kind: "image" }, verdict: { kind: "accept" } }]);
    expect(core.cards.get(1)?.annotations.map(({ status }) => status)).toEqual(["accepted", "accepted"]);
  });

  it("lists the least certain first, and annotations without a confidence last", async () => {
    const { review } = await opened(image(1, annotation(1, 0.9), annotation(2, null), annotation(3, 0.2)));
    expect(review.annotations.map(({ id }) => id)).toEqual([3, 1, 2]);
  });

  it("with an annotation selected decides that one and selects the next, then leaves the image", async () => {
    const { core, review } = await opened(
      image(1, annotation(1, 0.2), annotation(2, 0.5), annotation(3, 0.8)),
      image(2),
    );
    review.selection.step(1);
    expect(review.selected).toBe(1);
    review.selection.step(1);
    review.decisions.reject();
    expect(review.selected).toBe(3);
    expect(review.imageId).toBe(1);
    review.decisions.accept();
    expect(review.selected).toBe(1);
    review.decisions.accept();
    expect(review.imageId).toBe(2);
    expect(review.selected).toBeNull();
    await review.settled();
    expect(core.said.map(({ scope }) => (scope.kind === "annotation" ? scope.id : 0))).toEqual([2, 3, 1]);
    expect(core.cards.get(1)?.review).toBe("reviewed");
  });

  it("takes decisions back, latest first, and returns to their images", async () => {
    const { core, review, notices } = await opened(
      image(1, annotation(1, 0.2)),
      image(2, annotation(2, 0.3)),
      image(3, annotation(3, 0.4)),
    );
    review.decisions.accept();
    review.decisions.reject();
    expect(review.imageId).toBe(3);
    review.undo();
    await review.settled();
    expect(review.imageId).toBe(2);
    expect(review.card?.annotations[0]?.status).toBe("proposed");
    review.undo();
    await review.settled();
    expect(review.imageId).toBe(1);
    expect(review.reviewedCount).toBe(0);
    review.undo();
    await review.settled();
    expect(notices).toEqual([{ kind: "nothing_to_undo" }]);
    expect(core.cards.get(1)?.review).toBe("unreviewed");
  });

  it("selects the annotation again whose decision was taken back", async () => {
    const { review } = await opened(image(1, annotation(1, 0.2), annotation(2, 0.5)));
    review.select(2);
    review.decisions.reject();
    review.undo();
    await review.settled();
    expect(review.selected).toBe(2);
    expect(review.selectedAnnotation?.status).toBe("proposed");
  });

  it("adds the reason to the rejection as one step for undo", async () => {
    const { core, review } = await opened(image(1, annotation(1, 0.2)), image(2, annotation(2, 0.5)));
    review.decisions.reject();
    expect(review.decisions.rejected).toMatchObject({ decision: { image: 1 }, annotations: 1, reason: null });
    review.decisions.giveReason("bad_box");
    expect(review.decisions.rejected?.reason).toBe("bad_box");
    await review.settled();
    expect(review.cards.get(1)?.annotations[0]?.reject_reason).toBe("bad_box");
    expect(review.imageId).toBe(2);
    vi.advanceTimersByTime(10_000);
    expect(review.decisions.rejected).toBeNull();
    review.undo();
    await review.settled();
    expect(review.imageId).toBe(1);
    expect(core.cards.get(1)?.annotations[0]?.status).toBe("proposed");
  });

  it("forgets to ask for a reason after a moment, and with the next decision", async () => {
    const { review } = await opened(
      image(1, annotation(1, 0.2)),
      image(2, annotation(2, 0.5)),
      image(3, annotation(3, 0.5)),
    );
    review.decisions.reject();
    vi.advanceTimersByTime(10_000);
    expect(review.decisions.rejected).toBeNull();
    review.decisions.reject();
    expect(review.decisions.rejected).not.toBeNull();
    review.decisions.accept();
    expect(review.decisions.rejected).toBeNull();
    await review.settled();
  });

  it("restores what is stored when a decision is refused, and says so", async () => {
    const { core, review, notices } = await opened(image(1, annotation(1, 0.2)), image(2, annotation(2, 0.5)));
    core.refusal = { code: "library_busy", message: "locked" };
    review.decisions.reject();
    expect(review.cards.get(1)?.review).toBe("confirmed_empty");
    review.decisions.giveReason("other");
    await review.settled();
    expect(review.cards.get(1)?.review).toBe("unreviewed");
    expect(review.reviewedCount).toBe(0);
    expect(notices).toEqual([{ kind: "refused", refusal: core.refusal, image: "1.jpg" }]);
    expect(review.decisions.rejected).toBeNull();
  });

  it("confirms an image without proposals as empty, once, and rejects nothing there", async () => {
    const { core, review, notices } = await opened(image(1), image(2));
    review.decisions.reject();
    expect(notices).toEqual([{ kind: "nothing_to_reject" }]);
    expect(review.imageId).toBe(1);
    review.decisions.accept();
    await review.settled();
    expect(core.cards.get(1)?.review).toBe("confirmed_empty");
    review.previous();
    review.decisions.accept();
    await review.settled();
    expect(core.said).toHaveLength(1);
    expect(review.imageId).toBe(2);
  });

  it("ends after the last image and finds what was skipped", async () => {
    const { review } = await opened(image(1, annotation(1, 0.2)), image(2, annotation(2, 0.3)));
    review.skip();
    review.decisions.accept();
    expect(review.isAtEnd).toBe(true);
    review.decisions.accept();
    await review.settled();
    expect(review.unreviewedCount).toBe(1);
    review.goToUnreviewed();
    expect(review.isAtEnd).toBe(false);
    expect(review.imageId).toBe(1);
  });

  it("opens at the image given, and otherwise at the first unreviewed one", async () => {
    const reviewed: ImageCard = { ...image(1), review: "reviewed" };
    const { review } = await opened(reviewed, image(2), image(3));
    expect(review.imageId).toBe(2);
    expect(review.reviewedCount).toBe(1);
    await review.open([1, 2, 3], 3);
    expect(review.imageId).toBe(3);
  });

  it("measures the pace of this session and leaves breaks out", async () => {
    const cards = Array.from({ length: 6 }, (_, index) => image(index + 1, annotation(index + 1, 0.5)));
    const { review, clock } = await opened(...cards);
    for (const now of [2000, 4000, 3_604_000, 3_606_000]) {
      clock.now = now;
      review.decisions.accept();
    }
    await review.settled();
    expect(review.decisions.millisPerImage).toBe(2000);
    expect(review.decisions.leftMillis).toBe(4000);
  });

  it("changes a decision that was made before without leaving the image", async () => {
    const { core, review } = await opened(image(1, annotation(1, 0.2)), image(2));
    review.decisions.accept();
    review.previous();
    const [decided] = review.annotations;
    if (decided) review.decisions.decideAnnotation(decided, { kind: "reject", reason: null });
    await review.settled();
    expect(review.imageId).toBe(1);
    expect(core.cards.get(1)?.annotations[0]?.status).toBe("rejected");
  });

  it("reads again what a run or an undo elsewhere has changed", async () => {
    const { core, review } = await opened(image(1), image(2, annotation(2, 0.3)));
    core.cards.set(1, image(1, annotation(9, 0.7)));
    core.cards.set(2, { ...image(2), review: "reviewed" });
    await review.refresh();
    expect(review.annotations.map(({ id }) => id)).toEqual([9]);
    expect(review.reviewedCount).toBe(1);
  });

  it("follows what is found, and stays at its image", async () => {
    const { core, review } = await opened(image(1), image(2), image(3), image(4));
    await review.openAll(null);
    review.decisions.accept();
    review.next();
    await review.settled();
    expect([review.queue, review.imageId]).toEqual([[1, 2, 3, 4], 3]);
    // Two are imported, one is removed, one is reviewed elsewhere.
    core.cards.set(5, image(5));
    core.cards.set(6, image(6));
    core.cards.delete(2);
    core.cards.set(4, { ...image(4), review: "reviewed" });
    await review.refresh();
    expect([review.queue, review.imageId]).toEqual([[1, 3, 4, 5, 6], 3]);
    expect([review.reviewedCount, review.unreviewedCount]).toEqual([2, 3]);
    // The current image is removed as well: the next one takes its place.
    core.cards.delete(3);
    await review.refresh();
    expect([review.queue, review.imageId]).toEqual([[1, 4, 5, 6], 4]);
  });

  it("begins when there is something to review at last", async () => {
    const { core, review } = await opened();
    await review.openAll(null);
    expect(review.queue).toEqual([]);
    core.cards.set(1, image(1, annotation(1, 0.3)));
    await review.refresh();
    expect([review.queue, review.imageId]).toEqual([[1], 1]);
  });

  it("leaves out of picked images only those that are gone", async () => {
    const { core, review } = await opened(image(1), image(2), image(3));
    await review.openFrom({ ids: [1, 2, 3], index: 2 });
    core.cards.set(4, image(4));
    core.cards.set(1, { ...image(1), review: "reviewed" });
    core.cards.delete(2);
    await review.refresh();
    expect([review.queue, review.imageId]).toEqual([[1, 3], 3]);
  });

  it("does not let cards that are underway cover a decision", async () => {
    const { core, review } = await opened(image(1, annotation(1, 0.3)), image(2, annotation(2, 0.3)));
    let answer: (cards: ImageCard[]) => void = () => undefined;
    core.imageCards = () => new Promise((resolve) => (answer = resolve));
    const refreshed = review.refresh();
    review.decisions.accept();
    answer([image(1, annotation(1, 0.3))]);
    await refreshed;
    expect(review.cards.get(1)?.review).toBe("reviewed");
    await review.settled();
  });

  it("keeps its place when one comes back, and begins anew with another choice", async () => {
    const { review } = await opened(
      image(1, annotation(1, 0.3)),
      image(2, annotation(2, 0.3)),
      image(3, annotation(3, 0.3)),
    );
    const chosen = { ids: [1, 2, 3], index: 1 };
    await review.openFrom(chosen);
    expect(review.imageId).toBe(2);
    review.next();
    await review.openFrom(chosen);
    expect(review.imageId).toBe(3);
    await review.openFrom({ ids: [1, 2, 3], index: 0 });
    expect(review.imageId).toBe(1);
  });
});
