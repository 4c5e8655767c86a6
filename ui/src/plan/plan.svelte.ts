/** The plan screen's own state: the recipe, the quote for the planned images, and the model that would do it. */
import type { ModelId, ModelQuote, PicoDollars, Quote, RecipeId, SavedRecipe } from "../ipc/bindings";
import { words } from "../messages";
import { money } from "../messages/format";
import type { App } from "../state/app.svelte";

export class Plan {
  readonly app: App;

  recipes = $state.raw<SavedRecipe[]>([]);
  recipeId = $state<RecipeId | null>(null);
  quote = $state.raw<Quote | null>(null);
  isQuoting = $state(false);
  modelId = $state<ModelId | null>(null);
  typed = $state("");
  isStarting = $state(false);

  readonly recipe = $derived(this.recipes.find((saved) => saved.id === this.recipeId) ?? null);
  readonly chosen = $derived(this.quote?.models.find(({ model }) => model.id === this.modelId) ?? null);
  /** Labels that the chosen model will not look for. */
  readonly unknownLabels = $derived<ReadonlySet<string>>(unknownLabels(this.chosen, this.recipe));
  /** One scale for every whisker of the table; null when nothing has a price above nought. */
  readonly costScale = $derived(costScale(this.quote));
  /** Why the run cannot start, in words; null when it can. */
  readonly hindrance = $derived(this.#hindrance());
  readonly goal = $derived(this.#goal());

  #latestQuestion = 0;

  constructor(app: App) {
    this.app = app;
  }

  async loadRecipes(): Promise<void> {
    const recipes = await this.app.attempt(() => this.app.seam.recipes());
    if (!recipes) return;
    this.recipes = recipes;
    if (!recipes.some((saved) => saved.id === this.recipeId)) this.recipeId = recipes[0]?.id ?? null;
  }

  /** Asks for the quote of the present plan; an answer to an earlier question is dropped. */
  async ask(): Promise<void> {
    const question = ++this.#latestQuestion;
    if (this.recipeId === null) return;
    const request = { images: this.app.imagesToPlan, recipe: this.recipeId };
    this.isQuoting = true;
    const quote = await this.app.attempt(() => this.app.seam.quote(request));
    if (question !== this.#latestQuestion) return;
    this.isQuoting = false;
    this.quote = quote ?? null;
    if (quote && !quote.models.some(({ model }) => model.id === this.modelId)) {
      this.modelId = (quote.models.find((row) => row.can_run) ?? quote.models[0])?.model.id ?? null;
    }
  }

  async saveTyped(): Promise<void> {
    if (this.typed.trim() !== "" && (await this.#save(this.typed))) this.typed = "";
  }

  async #save(typed: string): Promise<boolean> {
    const saved = await this.app.attempt(() => this.app.seam.saveTypedRecipe(typed));
    if (!saved) return false;
    await this.loadRecipes();
    this.recipeId = saved.id;
    return true;
  }

  async deleteRecipe(): Promise<void> {
    const { recipe } = this;
    if (!recipe || recipe.is_builtin) return;
    const isDeleted = await this.app.attempt(() => this.app.seam.deleteRecipe(recipe.id).then(() => true));
    if (!isDeleted) return;
    this.app.tell(words.plan.deleted(recipe.recipe.name), "plain", {
      label: words.plan.undoDelete,
      do: () => void this.#save(recipe.recipe.labels.map(({ name }) => name).join(", ")),
    });
    await this.loadRecipes();
  }

  async start(): Promise<void> {
    const { recipeId, modelId } = this;
    if (this.hindrance !== null || recipeId === null || modelId === null || this.isStarting) return;
    this.isStarting = true;
    const images = this.app.imagesToPlan;
    const run = await this.app.attempt(() =>
      this.app.seam.startRun({ images, recipe: recipeId, model: modelId, concurrency: null }),
    );
    this.isStarting = false;
    if (run !== undefined) this.app.showRun(run);
  }

  #hindrance(): string | null {
    // What is started is what was quoted, so an outdated quote starts nothing.
    if (this.isQuoting) return words.plan.quoting;
    if (!this.quote) return words.plan.noQuote;
    if (this.quote.image_count === 0) return words.plan.noImages;
    if (!this.chosen) return words.plan.chooseModel;
    if (this.chosen.can_run) return null;
    const { model, shortfalls } = this.chosen;
    const blocking = shortfalls.find(({ kind }) => kind === "no_known_label" || kind === "shapes") ?? shortfalls[0];
    return blocking ? words.plan.shortfall(words.plan.theModel(model.name), blocking) : words.plan.cannotRun;
  }

  /** What the one button says: the number of images and of dollars. */
  #goal(): string {
    const cost = this.chosen?.cost ?? null;
    return words.plan.annotate(
      this.quote?.image_count ?? 0,
      cost === null ? null : costWords(cost.low, cost.expected, cost.high),
    );
  }
}

function costWords(low: PicoDollars, expected: PicoDollars, high: PicoDollars): string {
  return low === high ? money(expected) : words.plan.about(money(expected));
}

function unknownLabels(chosen: ModelQuote | null, saved: SavedRecipe | null): ReadonlySet<string> {
  const shortfalls = chosen?.shortfalls ?? [];
  if (shortfalls.some(({ kind }) => kind === "no_known_label")) {
    return new Set(saved?.recipe.labels.map(({ name }) => name));
  }
  return new Set(shortfalls.flatMap((shortfall) => (shortfall.kind === "unknown_labels" ? shortfall.labels : [])));
}

function costScale(quote: Quote | null): { from: PicoDollars; to: PicoDollars } | null {
  const costs = (quote?.models ?? []).flatMap(({ cost }) => (cost && cost.high > 0 ? [cost] : []));
  if (costs.length === 0) return null;
  // A little room at both ends, so that no whisker touches the edge of its column.
  return {
    from: Math.min(...costs.map(({ low }) => Math.max(1, low))) / 1.3,
    to: Math.max(...costs.map(({ high }) => high)) * 1.3,
  };
}
