import { describe, expect, it } from "vitest";

import { coreOf } from "../../test/core";
import { App } from "../state/app.svelte";
import { undoLatest } from "../state/undo";
import { RecipeEditor } from "./editor.svelte";

async function opened(): Promise<{ app: App; editor: RecipeEditor }> {
  const app = new App(await coreOf("images=12&priced"));
  await app.start();
  const editor = new RecipeEditor(app);
  const quote = await app.core.quote({
    images: { kind: "all" },
    recipe: 1,
    propagates_to_similar: false,
    ignores_saved_answers: false,
    options: {},
    pilot: null,
    budget_dollars: null,
  });
  const claude = quote.models.find(({ model }) => model.name.startsWith("Claude"));
  await editor.load(quote.models, claude?.model.id ?? null);
  return { app, editor };
}

describe("a recipe", () => {
  it("shows what is sent from the start", async () => {
    const { app, editor } = await opened();
    const shown = new RecipeEditor(app);
    shown.open(editor.recipes[0] ?? null);
    await shown.load(editor.models, editor.modelId);
    expect(shown.preview?.prompt).not.toBe("");
    expect(shown.preview?.schema).toContain("label");
  });

  it("is written, checked while it is written, and saved as versions", async () => {
    const { app, editor } = await opened();
    editor.open(null);
    editor.change({ name: "Tools" }, "name");
    editor.addLabel();
    editor.changeLabel(0, { name: "hammer", definition: "With its handle" });
    editor.addLabel();
    editor.changeLabel(1, { name: "Hammer" });
    await expect
      .poll(() => editor.problemsOf("label", 1).map(({ problem }) => problem.kind))
      .toEqual(["duplicate_name"]);
    expect(await editor.save()).toBeNull();
    editor.changeLabel(1, { name: "handle", parent: "hammer" });
    editor.addAttribute();
    editor.changeAttribute(0, { name: "wear", kind: { kind: "number", min: 1, max: 5 }, is_required: true });
    await expect.poll(() => editor.preview?.schema).toContain("wear");
    expect(editor.preview?.prompt).toContain("With its handle");
    expect(editor.preview?.tokens?.at_most).toBeGreaterThan(editor.preview?.tokens?.prompt ?? Infinity);

    const first = await editor.save();
    expect(first).toMatchObject({ version: 1, is_builtin: false, recipe: { name: "Tools" } });
    expect(editor.isChanged).toBe(false);
    // Children follow their parent.
    editor.changeLabel(0, { name: "mallet" });
    expect(editor.draft.labels[1]?.parent).toBe("mallet");
    const second = await editor.save();
    expect(second).toMatchObject({ version: 2, lineage: first?.lineage });
    await expect.poll(() => editor.versions.map(({ saved }) => saved.version)).toEqual([2, 1]);
    expect(editor.recipes.filter(({ recipe }) => recipe.name === "Tools")).toHaveLength(1);

    // The content of an earlier version is that version, not a new one.
    editor.changeLabel(0, { name: "hammer" });
    expect(await editor.save()).toMatchObject({ id: first?.id, version: 1 });
    expect(app.notices.list.at(-1)?.text).toBe("Tools: version 1 is the current one again");
    await editor.restore(second?.id ?? 0);
    expect(editor.draft.labels[0]?.name).toBe("mallet");
  });

  it("is undone step by step; typing in one field is one step", async () => {
    const { editor } = await opened();
    editor.open(null);
    editor.addLabel();
    for (const name of ["c", "ca", "cat"]) editor.changeLabel(0, { name });
    editor.addLabel();
    editor.changeLabel(1, { name: "cup" });
    editor.moveLabel(1, -1);
    expect(editor.draft.labels.map(({ name }) => name)).toEqual(["cup", "cat"]);
    editor.undo();
    expect(editor.draft.labels.map(({ name }) => name)).toEqual(["cat", "cup"]);
    editor.undo();
    editor.undo();
    editor.undo();
    expect(editor.draft.labels.map(({ name }) => name)).toEqual([""]);
    editor.redo();
    expect(editor.draft.labels.map(({ name }) => name)).toEqual(["cat"]);
  });

  it("that is built in is saved as a copy; a copy is deleted and comes back by undo", async () => {
    const { app, editor } = await opened();
    const builtIn = editor.recipes.find(({ is_builtin }) => is_builtin);
    if (!builtIn) throw new Error("no built-in recipe");
    editor.open(builtIn);
    editor.addLabel();
    editor.changeLabel(editor.draft.labels.length - 1, { name: "hammer" });
    const copy = await editor.save();
    expect(copy?.is_builtin).toBe(false);
    expect(editor.recipes.some(({ id }) => id === builtIn.id)).toBe(true);

    await editor.delete();
    expect(editor.recipes.some(({ id }) => id === copy?.id)).toBe(false);
    await undoLatest(app);
    expect(editor.recipes.some(({ id }) => id === copy?.id)).toBe(true);
  });

  it("keeps unsaved changes while another one is edited; discarding and importing can be undone", async () => {
    const { editor } = await opened();
    const [one, other] = editor.recipes;
    if (!one || !other) throw new Error("no recipes");
    editor.open(one);
    editor.change({ instructions: "Only in daylight." });
    editor.open(other);
    expect(editor.draft).toEqual(other.recipe);
    expect(editor.hasDraft(one)).toBe(true);
    editor.open(one);
    expect(editor.draft.instructions).toBe("Only in daylight.");
    expect(editor.isChanged).toBe(true);
    editor.discard();
    expect(editor.isChanged).toBe(false);
    expect(editor.hasDraft(one)).toBe(false);
    editor.undo();
    expect(editor.draft.instructions).toBe("Only in daylight.");

    editor.open(null);
    editor.change({ name: "Tools" });
    await editor.importFile(new File(["bolt\nnut\n"], "list.txt"));
    expect(editor.draft.labels.map(({ name }) => name)).toEqual(["bolt", "nut"]);
    editor.undo();
    expect(editor.draft.name).toBe("Tools");
  });

  it("is not changed by choosing something and taking it back", async () => {
    const { editor } = await opened();
    const [one] = editor.recipes;
    if (!one) throw new Error("no recipe");
    editor.open(one);
    editor.change({ language: "es" });
    expect(editor.isChanged).toBe(true);
    editor.change({ language: null });
    expect(editor.isChanged).toBe(false);
  });

  it("takes in a list and other programs' files, and says what it did not import", async () => {
    const { app, editor } = await opened();
    editor.open(null);
    await editor.pasteLabels("cat: a small animal\ndog\nCat");
    expect(app.notices.list.at(-1)?.text).toBe("2 labels added, 1 skipped as duplicates");
    expect(editor.draft.labels.map(({ name, definition }) => [name, definition])).toEqual([
      ["cat", "a small animal"],
      ["dog", ""],
    ]);
    const yaml = "path: data\nnames:\n  0: bolt\n  1: nut\n";
    await editor.importFile(new File([yaml], "data.yaml"));
    expect(editor.imported?.source).toBe("yolo");
    expect(editor.draft.labels.map(({ name }) => name)).toEqual(["bolt", "nut"]);
    expect(editor.saved).toBeNull();
  });
});
