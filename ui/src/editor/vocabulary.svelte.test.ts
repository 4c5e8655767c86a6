import { describe, expect, it, vi } from "vitest";

import type { Annotation, LibraryOverview, Recipe, RunSummary, SavedRecipe } from "../api/bindings";
import { type Reviewed, Vocabulary } from "./vocabulary.svelte";

const BOX = { kind: "box", rect: { x1: 10, y1: 10, x2: 60, y2: 50 } } as const;

function recipe(name: string, ...labels: string[]): SavedRecipe {
  return { id: 1, recipe: { name, labels: labels.map((label) => ({ name: label })) } as Recipe } as SavedRecipe;
}

const run = (id: number, recipe_name: string) => ({ id, recipe_name }) as RunSummary;
const annotation = (label: string, by: number | null) =>
  ({ label, origin: by === null ? { kind: "person" } : { kind: "run", run: by } }) as Annotation;

/** A library mostly of cups, with a run for birds, a later one for boats, and one whose recipe was deleted. */
async function opened(reviewed: Partial<Reviewed> = {}): Promise<{ vocabulary: Vocabulary; here: Reviewed }> {
  const here: Reviewed = $state({ run: null, annotations: [], ...reviewed });
  const vocabulary = new Vocabulary(
    {
      runs: () => Promise.resolve([run(3, "Gone"), run(2, "Boats"), run(1, "Birds")]),
      recipes: () => Promise.resolve([recipe("Birds", "wren", "robin", "eagle"), recipe("Boats", "ferry", "tug")]),
      overview: () => Promise.resolve({ labels: [{ name: "cup" }, { name: "wren" }] } as LibraryOverview),
    },
    () => here,
  );
  await vocabulary.load();
  return { vocabulary, here };
}

describe("the labels of the digits", () => {
  it("are those of the recipe that is reviewed, in its order", async () => {
    const { vocabulary, here } = await opened({ run: 1 });
    expect([1, 2, 3, 4].map((digit) => vocabulary.at(digit))).toEqual(["wren", "robin", "eagle", undefined]);
    here.run = null;
    here.annotations = [annotation("wren", 1), annotation("ferry", 2)];
    expect(vocabulary.labels).toEqual(["ferry", "tug"]);
    here.annotations = [annotation("wren", 1)];
    expect(vocabulary.labels).toEqual(["wren", "robin", "eagle"]);
    here.annotations = [];
    expect(vocabulary.labels).toEqual(["ferry", "tug"]);
  });

  it("without a recipe are those on screen, and keep their places", async () => {
    const vocabulary = new Vocabulary(
      {
        runs: () => Promise.resolve([run(3, "Gone")]),
        recipes: () => Promise.resolve([]),
        overview: () => Promise.resolve({ labels: [{ name: "cup" }] } as LibraryOverview),
      },
      () => ({ run: 3, annotations: [annotation("kite", 3)] }),
    );
    await vocabulary.load();
    expect(vocabulary.current).toBeNull();
    vocabulary.see(["kite", "dog"]);
    vocabulary.see(["cat", "dog", "caption"]);
    expect(vocabulary.labels).toEqual(["kite", "dog", "cat"]);
  });

  it("take in what the person has used, behind the others", async () => {
    const { vocabulary } = await opened({ run: 1 });
    vocabulary.use({ label: "heron", shape: BOX, attributes: {} });
    expect(vocabulary.labels).toEqual(["wren", "robin", "eagle", "heron"]);
  });
});

describe("the label of a new box", () => {
  it("is the one that was used last with this recipe, never the library's most frequent", async () => {
    const { vocabulary, here } = await opened({ run: 1 });
    expect(vocabulary.current).toBe("wren");
    vocabulary.choose("robin");
    here.run = 2;
    expect(vocabulary.current).toBe("ferry");
    vocabulary.choose("tug");
    here.run = 1;
    expect(vocabulary.current).toBe("robin");
  });

  it("is not that of a whole image", async () => {
    const { vocabulary } = await opened({ run: 1 });
    vocabulary.use({ label: "blurry", shape: { kind: "image_tag" }, attributes: {} });
    vocabulary.use({ label: "caption", shape: { kind: "caption", text: "A lake." }, attributes: {} });
    expect(vocabulary.current).toBe("wren");
    expect(vocabulary.labels).not.toContain("caption");
  });
});

describe("a typed name", () => {
  it("finds every known label, those that begin with it first", async () => {
    const { vocabulary, here } = await opened({ run: 1 });
    here.annotations = [annotation("cormorant", 2)];
    expect(vocabulary.matching("R", 9)).toEqual(["robin", "wren", "cormorant"]);
    expect(vocabulary.matching("cu", 9)).toEqual(["cup"]);
  });

  it("is a known label whatever its case, or unknown", async () => {
    const { vocabulary } = await opened({ run: 1 });
    expect(vocabulary.named(" WREN ")).toBe("wren");
    expect(vocabulary.named("cup")).toBe("cup");
    expect(vocabulary.named("wre")).toBeUndefined();
  });
});

it("can do without the core", async () => {
  const warned = vi.spyOn(console, "warn").mockReturnValue();
  const fails = () => Promise.reject(new Error("away"));
  const vocabulary = new Vocabulary({ runs: fails, recipes: fails, overview: fails }, () => ({
    run: 1,
    annotations: [],
  }));
  await vocabulary.load();
  expect(vocabulary.current).toBeNull();
  expect(warned).toHaveBeenCalled();
});
