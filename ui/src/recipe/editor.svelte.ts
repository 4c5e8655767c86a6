/**
 * The recipe editor: a draft of one recipe, its problems, and what a model is sent for it. The core checks, previews and
 * saves; saving an edited recipe makes a new version.
 */
import type {
  Attribute,
  AttributeKind,
  ExamplePhoto,
  ImageId,
  ImportedRecipe,
  Label,
  ModelId,
  ModelQuote,
  Recipe,
  RecipeId,
  RecipePreview,
  RecipeProblem,
  RecipeVersion,
  SavedRecipe,
  ShapeKind,
  Tiling,
} from "../api/bindings";
import { errorMessage, recipeName, words } from "../messages";
import type { App } from "../state/app.svelte";
import { keep, recall } from "../state/kept";
import { offerRestore } from "../state/undo";

/** Pause between the last change and the check of the draft. */
const CHECK_MILLIS = 150;
/** Colors of the palette. */
export const COLORS = 12;

export type AttributeKindName = AttributeKind["kind"];
export const ATTRIBUTE_KINDS: readonly AttributeKindName[] = ["text", "number", "choice", "several_of", "yes_no"];
export const SHAPES: readonly ShapeKind[] = ["box", "polygon", "point", "image_tag", "caption"];

/** The tiles that a recipe begins with, as in the core. */
export const TILING: Required<Tiling> = { edge: 1600, overlap: 20, at_most: 16 };

const EMPTY: Recipe = { name: "", labels: [], shapes: ["box"], attributes: [], instructions: "" };

export class RecipeEditor {
  readonly #app: App;

  recipes = $state.raw<readonly SavedRecipe[]>([]);
  /** The edited recipe; null for a new one. */
  saved = $state.raw<SavedRecipe | null>(null);
  draft = $state.raw<Recipe>(EMPTY);
  versions = $state.raw<readonly RecipeVersion[]>([]);
  problems = $state.raw<readonly RecipeProblem[]>([]);
  preview = $state.raw<RecipePreview | null>(null);
  /** Where the photos of the examples are, in their order. */
  examplePhotos = $state.raw<readonly ExamplePhoto[]>([]);
  /** Why there is no preview. */
  previewRefusal = $state<string | null>(null);
  models = $state.raw<readonly ModelQuote[]>([]);
  modelId = $state<ModelId | null>(null);
  /** What an imported file holds and the recipe does not. */
  imported = $state.raw<ImportedRecipe | null>(null);
  isSaving = $state(false);
  /** Indices of the label and the attribute whose fields are shown. */
  openLabel = $state<number | null>(null);
  openAttribute = $state<number | null>(null);

  /** Earlier drafts, latest last, and undone ones. */
  #before = $state.raw<readonly Recipe[]>([]);
  #after = $state.raw<readonly Recipe[]>([]);
  /** The field of the latest change: typing in one field is one step. */
  #field: string | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #latestCheck = 0;
  /** Unsaved changes by recipe, remembered on this machine. */
  #drafts = $state.raw<Readonly<Record<string, Recipe>>>(recall("recipe_drafts", isDrafts) ?? {});

  readonly isChanged = $derived(textOf(this.draft) !== textOf(this.saved?.recipe ?? EMPTY));
  readonly canUndo = $derived(this.#before.length > 0);
  readonly canRedo = $derived(this.#after.length > 0);
  readonly canSave = $derived(this.isChanged && this.problems.length === 0 && !this.isSaving);

  constructor(app: App) {
    this.#app = app;
  }

  get core() {
    return this.#app.core;
  }

  /** Loads the recipes. `models` are those that the plan has quoted. */
  async load(models: readonly ModelQuote[], model: ModelId | null): Promise<void> {
    this.models = models;
    this.modelId = models.some((row) => row.model.id === (this.modelId ?? model)) ? (this.modelId ?? model) : model;
    const recipes = await this.#app.notices.attempt(() => this.core.recipes());
    if (recipes) this.recipes = recipes;
    // The preview is the chosen model's.
    await this.#check();
  }

  /** Edits a recipe; null begins a new one. Unsaved changes are kept: of this recipe for now, of others for later. */
  open(saved: SavedRecipe | null): void {
    if (this.isChanged && this.saved?.id === saved?.id) return;
    this.#show(saved, this.#drafts[keyOf(saved)] ?? saved?.recipe ?? EMPTY);
  }

  /** The name of the unsaved new recipe; empty if it has none yet. */
  get newName(): string {
    return (this.saved === null ? this.draft : this.#drafts[keyOf(null)])?.name ?? "";
  }

  /** Whether a recipe has unsaved changes; null for a new one. */
  hasDraft(saved: SavedRecipe | null): boolean {
    return keyOf(saved) in this.#drafts;
  }

  /** Shows an imported recipe as a new one. Undo returns to the unsaved new recipe before it. */
  openImported(imported: ImportedRecipe): void {
    this.open(null);
    this.change(imported.recipe);
    this.imported = imported;
  }

  #show(saved: SavedRecipe | null, draft: Recipe): void {
    this.saved = saved;
    this.draft = draft;
    this.imported = null;
    this.#before = [];
    this.#after = [];
    this.#field = null;
    this.openLabel = null;
    this.openAttribute = null;
    this.versions = [];
    void this.#check();
    if (saved) void this.#loadVersions(saved.id);
  }

  async #loadVersions(id: RecipeId): Promise<void> {
    const versions = await this.#app.notices.attempt(() => this.core.recipeVersions(id));
    if (versions && this.saved?.id === id) this.versions = versions;
  }

  /** Returns to the saved recipe, which undo reverts. */
  discard(): void {
    this.imported = null;
    this.openLabel = null;
    this.openAttribute = null;
    this.change(this.saved?.recipe ?? EMPTY);
  }

  /** Changes the draft. Consecutive changes of the same `field` are one undo step. */
  change(changed: Partial<Recipe>, field: string | null = null): void {
    if (field === null || field !== this.#field) this.#before = [...this.#before, this.draft];
    this.#field = field;
    this.#after = [];
    this.draft = { ...this.draft, ...changed };
    this.#checkSoon();
  }

  undo(): void {
    const draft = this.#before.at(-1);
    if (!draft) return;
    this.#before = this.#before.slice(0, -1);
    this.#after = [...this.#after, this.draft];
    this.#replace(draft);
  }

  redo(): void {
    const draft = this.#after.at(-1);
    if (!draft) return;
    this.#after = this.#after.slice(0, -1);
    this.#before = [...this.#before, this.draft];
    this.#replace(draft);
  }

  #replace(draft: Recipe): void {
    this.draft = draft;
    this.#field = null;
    if ((this.openLabel ?? 0) >= draft.labels.length) this.openLabel = null;
    if ((this.openAttribute ?? 0) >= (draft.attributes ?? []).length) this.openAttribute = null;
    this.#checkSoon();
  }

  toggleShape(shape: ShapeKind): void {
    const { shapes } = this.draft;
    this.change({ shapes: shapes.includes(shape) ? shapes.filter((each) => each !== shape) : [...shapes, shape] });
  }

  // Labels.

  addLabel(): void {
    const { labels } = this.draft;
    this.change({
      labels: [...labels, { name: "", definition: "", color: (labels.length % COLORS) + 1, synonyms: [] }],
    });
    this.openLabel = labels.length;
  }

  /** Adds the labels of a pasted list, one per line or separated by commas, without those that are there. */
  async pasteLabels(text: string): Promise<boolean> {
    const lines = text.includes("\n") ? text : text.replaceAll(/[,;]/g, "\n");
    const read = await this.#app.notices.attempt(() => this.core.importRecipeFile("list.txt", lines, "list"));
    if (!read) return false;
    const known = new Set(this.draft.labels.map(({ name }) => name.toLowerCase()));
    const added = read.recipe.labels.filter(({ name }) => !known.has(name.toLowerCase()));
    const from = this.draft.labels.length;
    const colored = added.map((label, place) => ({ ...label, color: ((from + place) % COLORS) + 1 }));
    if (colored.length > 0) this.change({ labels: [...this.draft.labels, ...colored] });
    const skipped = read.recipe.labels.length - added.length + read.remarks.length;
    if (skipped > 0) this.#app.notices.show(words.recipe.pasted(added.length, skipped));
    return true;
  }

  /** Children follow when their parent is renamed. */
  changeLabel(index: number, changed: Partial<Label>): void {
    const before = this.draft.labels[index];
    if (!before) return;
    const labels = this.draft.labels.map((label, place) => {
      if (place === index) return { ...label, ...changed };
      const isChild = changed.name !== undefined && before.name !== "" && label.parent === before.name;
      return isChild ? { ...label, parent: changed.name ?? null } : label;
    });
    this.change({ labels }, `label ${index} ${Object.keys(changed).join(" ")}`);
  }

  removeLabel(index: number): void {
    const removed = this.draft.labels[index];
    const labels = this.draft.labels
      .filter((_, place) => place !== index)
      .map((label) => (label.parent === removed?.name ? { ...label, parent: null } : label));
    this.openLabel = null;
    this.change({ labels });
  }

  moveLabel(index: number, by: 1 | -1): void {
    const labels = moved(this.draft.labels, index, by);
    if (labels === null) return;
    this.change({ labels });
    if (this.openLabel === index) this.openLabel = index + by;
  }

  // Attributes.

  addAttribute(): void {
    const attributes = this.draft.attributes ?? [];
    const added: Attribute = { name: "", definition: "", kind: { kind: "text" }, is_required: false };
    this.change({ attributes: [...attributes, added] });
    this.openAttribute = attributes.length;
  }

  changeAttribute(index: number, changed: Partial<Attribute>): void {
    const attributes = (this.draft.attributes ?? []).map((attribute, place) =>
      place === index ? { ...attribute, ...changed } : attribute,
    );
    this.change({ attributes }, `attribute ${index} ${Object.keys(changed).join(" ")}`);
  }

  removeAttribute(index: number): void {
    this.openAttribute = null;
    this.change({ attributes: (this.draft.attributes ?? []).filter((_, place) => place !== index) });
  }

  moveAttribute(index: number, by: 1 | -1): void {
    const attributes = moved(this.draft.attributes ?? [], index, by);
    if (attributes === null) return;
    this.change({ attributes });
    if (this.openAttribute === index) this.openAttribute = index + by;
  }

  // Examples.

  /** Adds images with their annotations, as the recipe asks for them. */
  async addExamples(images: Iterable<ImageId>): Promise<void> {
    const added = await this.#app.notices.attempt(() => this.core.recipeExamplesOfImages(this.draft, [...images]));
    if (!added) return;
    const examples = this.draft.examples ?? [];
    const known = new Set(examples.map(({ hash }) => hash));
    const fresh = added.filter(({ hash }) => !known.has(hash));
    if (fresh.length > 0) this.change({ examples: [...examples, ...fresh] });
    if (fresh.length < added.length) this.#app.notices.show(words.recipe.examplesKnown(added.length - fresh.length));
  }

  removeExample(index: number): void {
    this.change({ examples: (this.draft.examples ?? []).filter((_, place) => place !== index) });
  }

  // Saving.

  /** Saves the draft as a new recipe or version; returns it. */
  async save(): Promise<SavedRecipe | null> {
    clearTimeout(this.#timer);
    await this.#check();
    if (!this.canSave) return null;
    this.isSaving = true;
    const saved = await this.#app.notices.attempt(() => this.core.saveRecipe(this.draft, this.saved?.id ?? null));
    this.isSaving = false;
    if (!saved) return null;
    this.#keepDraft(null);
    const name = recipeName(saved.recipe.name);
    // Content that was saved before is that version again.
    const isNew = this.versions.every(({ saved: { id } }) => id !== saved.id);
    this.#app.notices.show(
      isNew ? words.recipe.saved(name, saved.version) : words.recipe.again(name, saved.version),
      "good",
    );
    this.#show(saved, saved.recipe);
    await this.load(this.models, this.modelId);
    return saved;
  }

  async duplicate(): Promise<void> {
    const { saved } = this;
    if (!saved) return;
    const copy = await this.#app.notices.attempt(() => this.core.duplicateRecipe(saved.id));
    if (!copy) return;
    this.#show(copy, copy.recipe);
    await this.load(this.models, this.modelId);
  }

  async delete(): Promise<void> {
    const { saved } = this;
    if (!saved || saved.is_builtin) return;
    const isDeleted = await this.#app.notices.attempt(() => this.core.deleteRecipe(saved.id).then(() => true));
    if (!isDeleted) return;
    this.#keepDraft(null);
    await this.load(this.models, this.modelId);
    this.#show(this.recipes[0] ?? null, this.recipes[0]?.recipe ?? EMPTY);
    offerRestore(this.#app, {
      removed: words.recipe.deleted(saved.recipe.name),
      restored: words.recipe.restored(saved.recipe.name),
      restore: () => this.restore(saved.id),
    });
  }

  /** Makes a version the current one of its recipe, also of a deleted one. */
  async restore(version: RecipeId): Promise<void> {
    const restored = await this.core.restoreRecipe(version);
    await this.load(this.models, this.modelId);
    this.#show(restored, restored.recipe);
  }

  async importFile(file: File): Promise<void> {
    const text = await file.text();
    const imported = await this.#app.notices.attempt(() => this.core.importRecipeFile(file.name, text, null));
    if (imported) this.openImported(imported);
  }

  chooseModel(model: ModelId): void {
    this.modelId = model;
    void this.#check();
  }

  /** Keeps the draft across restarts, or forgets it. */
  #keepDraft(draft: Recipe | null): void {
    const { [keyOf(this.saved)]: _known, ...others } = this.#drafts;
    this.#drafts = draft === null ? others : { ...others, [keyOf(this.saved)]: draft };
    keep("recipe_drafts", this.#drafts);
  }

  #checkSoon(): void {
    this.#keepDraft(this.isChanged ? this.draft : null);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#check(), CHECK_MILLIS);
  }

  /** Reads the problems and the preview of the draft; answers about earlier drafts are dropped. */
  async #check(): Promise<void> {
    const check = ++this.#latestCheck;
    const { draft, modelId } = this;
    try {
      const [problems, preview, photos] = await Promise.all([
        this.core.validateRecipe(draft),
        modelId === null ? null : this.core.previewRecipe(draft, modelId),
        draft.examples?.length ? this.core.recipeExamplePhotos(draft) : [],
      ]);
      if (check !== this.#latestCheck) return;
      this.problems = problems;
      this.preview = preview;
      this.examplePhotos = photos;
      this.previewRefusal = null;
    } catch (refused) {
      if (check !== this.#latestCheck) return;
      this.preview = null;
      this.previewRefusal = errorMessage(refused);
    }
  }

  /** Problems of a label, an attribute or the whole recipe. */
  problemsOf(kind: RecipeProblem["place"]["kind"], index?: number): readonly RecipeProblem[] {
    return this.problems.filter(
      ({ place }) => place.kind === kind && (index === undefined || ("index" in place && place.index === index)),
    );
  }
}

/** Names the unsaved changes of a recipe. With its content, because another library has other recipes under its ids. */
function keyOf(saved: SavedRecipe | null): string {
  return saved === null ? "new" : `${saved.id} ${textOf(saved.recipe)}`;
}

/** A recipe as text, without what is empty: an absent field means the same. */
function textOf(recipe: Recipe): string {
  return JSON.stringify(recipe, (key, value: unknown) =>
    value === null ||
    value === "" ||
    (key === "check" && value === false) ||
    (Array.isArray(value) && value.length === 0)
      ? undefined
      : value,
  );
}

function isDrafts(value: unknown): value is Record<string, Recipe> {
  const isRecipe = (draft: unknown) =>
    typeof draft === "object" && draft !== null && "labels" in draft && Array.isArray(draft.labels);
  return typeof value === "object" && value !== null && Object.values(value).every(isRecipe);
}

function moved<Item>(items: readonly Item[], index: number, by: 1 | -1): Item[] | null {
  const [one, other] = [items[index], items[index + by]];
  if (one === undefined || other === undefined) return null;
  return items.map((item, place) => (place === index ? other : place === index + by ? one : item));
}
