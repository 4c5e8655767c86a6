import { describe, expect, it, vi } from "vitest";

import type { ImageCard, ImageId } from "../api/bindings";
import { App } from "../state/app.svelte";
import { ALL_LAYERS } from "../state/layers";
import { Cards } from "./cards.svelte";
import { coreOf } from "../../test/core";
import { Completing } from "./completing.svelte";
import { Library } from "./library.svelte";
import { relaxations } from "./relaxations";

async function loaded(query = ""): Promise<Library> {
  const app = new App(await coreOf(query));
  await app.start();
  const library = new Library(app);
  await library.load();
  return library;
}

describe("selection", () => {
  it("takes one, adds and removes one, and extends from where it began", async () => {
    const library = await loaded();
    library.select(3, "only");
    expect([...library.app.scope.selected]).toEqual([4]);
    library.select(6, "extend");
    expect([...library.app.scope.selected]).toEqual([4, 5, 6, 7]);
    library.select(1, "extend");
    expect([...library.app.scope.selected]).toEqual([2, 3, 4]);
    library.select(2, "toggle");
    expect([...library.app.scope.selected]).toEqual([2, 4]);
    library.select(9, "toggle");
    expect([...library.app.scope.selected]).toEqual([2, 4, 10]);
    expect(library.plannedCount).toBe(3);
    library.selectNone();
    expect(library.plannedCount).toBe(60);
  });

  it("stays within what is listed", async () => {
    const library = await loaded();
    library.selectAll();
    await library.question.type("cat_");
    await library.load();
    expect(library.ids).toHaveLength(10);
    expect(library.app.scope.selected.size).toBe(10);
  });
});

it("keeps the keyboard on its image when the order changes", async () => {
  const library = await loaded();
  library.select(5, "only");
  const image = library.ids[5];
  library.question.order = "name";
  await library.load();
  expect(library.ids[library.active]).toBe(image);
});

it("reviews from the image on, or the selected ones alone", async () => {
  const library = await loaded();
  library.review(7);
  expect(library.app.navigation.review).toMatchObject({ index: 7, ids: expect.objectContaining({ length: 60 }) });
  expect(library.app.navigation.screen).toBe("review");
  library.select(2, "only");
  library.select(4, "extend");
  library.review(3);
  expect(library.app.navigation.review).toEqual({ ids: [3, 4, 5], index: 1 });
});

it("lists what was left out", async () => {
  const library = await loaded();
  await library.showSkipped();
  expect(library.skipped).toHaveLength(3);
});

describe("the question", () => {
  it("is the same as text and as filters", async () => {
    const { question } = await loaded();
    await question.type("label:cat -status:empty");
    expect(question.standing({ kind: "label", name: "Cat" })).toBe("included");
    await question.choose({ kind: "image", state: "reviewed" });
    expect(question.text).toBe("label:cat status:reviewed");
    await question.add({ kind: "label", name: "traffic light" }, true);
    expect(question.text).toBe('label:cat status:reviewed -label:"traffic light"');
    await question.add({ kind: "label", name: "cat" });
    await question.choose({ kind: "image", state: "reviewed" });
    expect(question.conditions).toEqual([{ is_excluded: true, test: { kind: "label", name: "traffic light" } }]);
  });

  it("asks for the whole words while one is half typed", async () => {
    const { question } = await loaded();
    await question.type("cat label:");
    expect(question.problem).toMatchObject({ from: 4, to: 10, problem: { kind: "no_value" } });
    expect(question.conditions).toHaveLength(1);
    await question.clear();
    expect([question.text, question.problem]).toEqual(["", null]);
  });

  it("counts what its filters would find", async () => {
    const library = await loaded("images=600");
    await library.question.type("label:cup");
    await library.count();
    const { counts } = library;
    const cups = counts?.labels.find(({ name }) => name === "cup");
    expect(counts?.found).toBe(cups?.count);
    for (const { filter, count } of counts?.states ?? []) {
      await library.question.choose({ kind: "image", state: filter });
      await library.load();
      expect([filter, library.ids.length]).toEqual([filter, count]);
    }
  });

  it("knows what stands in the way when nothing is found", async () => {
    const library = await loaded();
    await library.question.type("label:cat lake status:unreviewed");
    await library.load();
    expect(library.ids).toHaveLength(0);
    const targets = await relaxations(library.app.core, library.question);
    expect(targets.map(({ place }) => place).sort()).toEqual([0, 1]);
    await library.question.drop(targets[0]?.place ?? 0);
    await library.load();
    expect(library.ids).toHaveLength(targets[0]?.found ?? 0);
  });

  it("makes its way to the plan with what is listed", async () => {
    const library = await loaded();
    await library.question.type("cat_");
    await library.load();
    expect(library.plannedCount).toBe(10);
    library.plan();
    expect(library.app.scope.imagesToPlan).toMatchObject({
      kind: "images",
      ids: expect.objectContaining({ length: 10 }),
    });
  });
});

describe("completing", () => {
  it("puts a suggestion where the word was, and goes on behind it", async () => {
    const completing = new Completing(await coreOf());
    await completing.ask("🐈 la status:empty", 5);
    expect(completing.suggestions[0]).toMatchObject({ text: "label:" });
    expect(completing.take("🐈 la status:empty", 0)).toEqual({ text: "🐈 label: status:empty", cursor: 9 });
    await completing.ask("label:traff", 11);
    completing.move(-1);
    expect(completing.active).toBe(0);
    expect(completing.take("label:traff", 0)).toEqual({ text: 'label:"traffic light" ', cursor: 22 });
    await completing.ask("label:cat", 9);
    expect(completing.isOpen).toBe(false);
  });
});

describe("cards", () => {
  it("are fetched once, in batches, and again when they may have changed", async () => {
    const library = await loaded();
    const imageCards = vi.spyOn(library.app.core, "imageCards");
    library.cards.want([1, 2, 3]);
    await vi.waitFor(() => expect(library.cards.get(3)?.name).toBe("pad_0003.jpg"));
    library.cards.want([2, 3, 4]);
    await vi.waitFor(() => expect(library.cards.get(4)).not.toBeNull());
    expect(imageCards.mock.calls.map(([ids]) => ids)).toEqual([[1, 2, 3], [4]]);
    library.cards.expire();
    expect(library.cards.get(4)).not.toBeNull();
    await vi.waitFor(() => expect(imageCards).toHaveBeenCalledTimes(3));
    expect(imageCards.mock.lastCall?.[0]).toEqual([2, 3, 4]);
  });

  it("do not ask for ever for images that are gone", async () => {
    const library = await loaded();
    const imageCards = vi.spyOn(library.app.core, "imageCards");
    library.cards.want([1, 5000]);
    await vi.waitFor(() => expect(library.cards.get(1)).not.toBeNull());
    expect(imageCards.mock.calls.length).toBeLessThanOrEqual(2);
  });

  it("are let go when there are too many", async () => {
    const [card] = await (await coreOf()).imageCards([1]);
    const imageCards = async (ids: ImageId[]) => ids.map((id) => ({ ...(card as ImageCard), id }));
    const cards = new Cards({ imageCards }, () => ALL_LAYERS);
    for (let first = 1; first < 9000; first += 1000) {
      const ids = Array.from({ length: 1000 }, (_, place) => first + place);
      cards.want(ids);
      await vi.waitFor(() => expect(cards.get(first + 999)).not.toBeNull());
    }
    expect(cards.get(1)).toBeNull();
    expect(cards.get(8999)).not.toBeNull();
  });
});
