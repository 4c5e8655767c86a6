import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { ImageId } from "../api/bindings";
import type { Core } from "../api/core";
import { coreOf } from "../../test/core";
import { choiceOf } from "./choices";
import { Differences, type Notice } from "./differences.svelte";
import { DECIDED, sidesAmong, withSide } from "./sides";

const A = { kind: "run", run: 2 } as const;
const B = { kind: "run", run: 1 } as const;

/** Only ends what hangs. */
const PATIENCE = { timeout: 10_000 };

let core: Core;
let notices: Notice[];
let differences: Differences;

async function opened(query = "images=120", prepare: (core: Core) => void = () => {}): Promise<void> {
  core = await coreOf(query);
  prepare(core);
  notices = [];
  differences = new Differences(core, (notice) => notices.push(notice));
  await differences.open(null);
}

/** Goes to the first image whose first undecided difference is of this kind. */
async function goTo(kind: string): Promise<ImageId> {
  for (let index = 0; index < differences.queue.length; index += 1) {
    differences.goTo(index);
    await expect.poll(() => differences.pair).not.toBeNull();
    if (differences.pair?.agreement === kind && differences.choice === null && differences.imageId !== null)
      return differences.imageId;
  }
  throw new Error(`no ${kind}`);
}

describe("the images that differ", () => {
  beforeEach(() => opened());

  it("are those of the two latest runs, those with the most differences first", async () => {
    expect(differences.sides).toEqual({ first: A, second: B });
    const things = differences.comparison?.things;
    for (const number of Object.values(things ?? {})) expect(number).toBeGreaterThan(0);
    const counts = await Promise.all(
      differences.queue.map(async (image) => {
        const pairs = await core.compareImage(image, { first: A, second: B });
        return pairs.filter(({ agreement }) => agreement !== "agreed").length;
      }),
    );
    expect(counts.every((number) => number > 0)).toBe(true);
    expect([...counts].sort((one, other) => other - one)).toEqual(counts);
  });

  it("keep the place when the screen is opened again, and begin anew with other sides", async () => {
    differences.goTo(3);
    const image = differences.imageId;
    await differences.open(null);
    expect(differences.imageId).toBe(image);
    await differences.open({ first: A, second: DECIDED });
    expect(differences.index).toBe(0);
    expect(differences.settledCount).toBeGreaterThan(0);
  });

  it("end behind the last one, and lead back to what is left", () => {
    differences.goTo(differences.queue.length);
    expect(differences.isAtEnd).toBe(true);
    differences.goToUnsettled();
    expect(differences.isAtEnd).toBe(false);
    differences.previous();
    expect(differences.index).toBe(0);
  });
});

describe("a choice", () => {
  beforeEach(() => opened());

  it("shows at once, is stored as one step, and goes on to the next difference", async () => {
    const image = await goTo("relabelled");
    const [place, index] = [differences.selected, differences.index];
    if (place === null || differences.shown === null) throw new Error("nothing is selected");
    const isOnlyOne = differences.pairs.filter(({ agreement }) => agreement !== "agreed").length === 1;
    differences.choose("second");
    expect(differences.index).toBe(isOnlyOne ? index + 1 : index);
    differences.goTo(index);
    expect(choiceOf(differences.shown, place)).toBe("second");
    await differences.settled();
    const [card] = await core.imageCards([image]);
    expect(differences.shown?.card).toEqual(card);
    expect(card?.annotations.filter(({ origin }) => origin.kind === "run" && origin.run === 1)).toHaveLength(1);
    await core.undoLatest();
    const [before] = await core.imageCards([image]);
    expect(before?.annotations.some(({ origin }) => origin.kind === "run" && origin.run === 1)).toBe(false);
  });

  it("is taken back with its image and its difference", async () => {
    await goTo("relabelled");
    const [place, index] = [differences.selected, differences.index];
    differences.choose("first");
    differences.goTo(0);
    differences.undo();
    await differences.settled();
    expect([differences.index, differences.selected, differences.choice]).toEqual([index, place, null]);
    differences.undo();
    await differences.settled();
    expect(notices).toEqual([{ kind: "nothing_to_undo" }]);
  });

  it("can be changed twice before the core has answered once", async () => {
    const image = await goTo("relabelled");
    const [place, index] = [differences.selected, differences.index];
    for (const choice of ["second", "first", "second", "neither"] as const) {
      differences.goTo(index);
      differences.select(place);
      differences.choose(choice);
    }
    await differences.settled();
    differences.goTo(index);
    differences.select(place);
    expect(differences.choice).toBe("neither");
    const [card] = await core.imageCards([image]);
    const adopted = card?.annotations.filter(({ origin }) => origin.kind === "run" && origin.run === 1);
    expect(adopted?.map(({ status }) => status)).toEqual(["rejected"]);
    expect(notices).toEqual([]);
  });

  it("that is refused is told, and what was there is shown again", async () => {
    await goTo("only_first");
    const index = differences.index;
    core.chooseSide = () => Promise.reject({ code: "library_busy", message: "locked" });
    differences.choose("first");
    await differences.settled();
    differences.goTo(index);
    expect(differences.choice).toBeNull();
    expect(notices).toMatchObject([{ kind: "refused", image: differences.shown?.card.name }]);
  });

  it("to leave out what is not on the image needs no step", async () => {
    await goTo("only_second");
    const [place, index] = [differences.selected, differences.index];
    differences.choose("neither");
    differences.goTo(index);
    differences.select(place);
    expect(differences.choice).toBe("neither");
    await differences.settled();
    expect(differences.choice).toBe("neither");
    expect(await core.undoLatest()).toBeNull();
    expect(notices).toEqual([]);
  });
});

it("accepts what both agree on and goes on, and reviews an image on which nothing is left", async () => {
  await opened();
  const index = await indexWhere(() => differences.agreedOpen > 0);
  const { imageId: image, agreedOpen } = differences;
  differences.acceptAgreed();
  expect(differences.index).toBe(index + 1);
  await differences.settled();
  differences.goTo(index);
  expect(differences.agreedOpen).toBe(0);
  const accepted = differences.shown?.card.annotations.filter(({ status }) => status === "accepted");
  expect(accepted).toHaveLength(agreedOpen);
  for (const place of differences.pairs.keys()) {
    differences.goTo(index);
    differences.select(place);
    if (differences.choice === null) differences.choose("neither");
  }
  differences.goTo(index);
  differences.acceptAgreed();
  await differences.settled();
  const [card] = await core.imageCards([image as ImageId]);
  expect(card?.review).toBe("reviewed");
});

async function indexWhere(holds: () => boolean): Promise<number> {
  for (let index = 0; index < differences.queue.length; index += 1) {
    differences.goTo(index);
    await expect.poll(() => differences.shown).not.toBeNull();
    if (holds()) return index;
  }
  throw new Error("no such image");
}

describe("figures", () => {
  beforeEach(async () => {
    await opened();
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  });
  afterEach(() => void vi.useRealTimers());

  async function refreshed(): Promise<void> {
    differences.refreshSoon();
    await vi.advanceTimersByTimeAsync(2500);
  }

  it("follow decisions without moving the place", async () => {
    await differences.open({ first: A, second: DECIDED });
    differences.goTo(2);
    const [queue, image, before] = [differences.queue, differences.imageId, differences.comparison];
    if (image === null) throw new Error("no image");
    // Everything that A found is accepted on this image, so one image less differs.
    const pairs = await core.compareImage(image, { first: A, second: DECIDED });
    const changes = pairs.flatMap(({ first, second, agreement }) => {
      if (agreement === "agreed") return [];
      const gone = second?.annotation ? [{ kind: "remove" as const, id: second.annotation }] : [];
      if (!first) return gone;
      const { label, shape, attributes } = first;
      const content = { label, shape, attributes };
      return [...gone, { kind: "adopt" as const, run: 2, content, confidence: null }];
    });
    await core.editAnnotations({ image, changes });
    await refreshed();
    await vi.waitFor(() => expect(differences.comparison?.differing).not.toContain(image), PATIENCE);
    expect(differences.comparison?.things.agreed).toBeGreaterThan(before?.things.agreed ?? 0);
    expect(differences.queue).toEqual(queue);
    expect(differences.imageId).toBe(image);
  });

  it("have new images come behind, and are asked for again when something changed while they were", async () => {
    const known = differences.queue;
    const answer = await core.compareSides({ first: A, second: B });
    let asked = 0;
    core.compareSides = () => {
      asked += 1;
      if (asked === 1) differences.refreshSoon();
      return Promise.resolve({ ...answer, differing: [9001, ...answer.differing] });
    };
    await refreshed();
    // It moves the timers on while it waits.
    await vi.waitFor(() => expect(asked).toBe(2), PATIENCE);
    expect(differences.queue).toEqual([...known, 9001]);
    differences.refreshSoon();
    differences.stop();
    await vi.advanceTimersByTimeAsync(2500);
    expect(asked).toBe(2);
  });

  it("begin as soon as there is something to compare", async () => {
    await opened("images=0");
    const full = await coreOf("images=120");
    core.runs = () => full.runs();
    core.compareSides = (sides) => full.compareSides(sides);
    core.compareImage = (image, sides) => full.compareImage(image, sides);
    core.imageCards = (images) => full.imageCards(images);
    await refreshed();
    await vi.waitFor(() => expect(differences.pair).not.toBeNull(), PATIENCE);
    expect(differences.sides).toEqual({ first: A, second: B });
  });
});

describe("the sides", () => {
  it("are every run with answers and what people decided; a side that is chosen twice changes places", async () => {
    await opened();
    expect(sidesAmong(differences.runs)).toEqual([A, B, DECIDED]);
    expect(withSide({ first: A, second: B }, "first", B)).toEqual({ first: B, second: A });
    expect(withSide({ first: A, second: B }, "second", DECIDED)).toEqual({ first: A, second: DECIDED });
  });

  it("are none without a run, and a refusal is told", async () => {
    await opened("images=0");
    expect(differences.sides).toBeNull();
    expect(differences.isComparing).toBe(false);
    await opened("", (core) => {
      core.compareSides = () => Promise.reject({ code: "library", message: "" });
    });
    expect(differences.hasFailed).toBe(true);
    expect(notices).toHaveLength(1);
  });
});
