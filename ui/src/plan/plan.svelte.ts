/** The plan screen's own state: the recipe, the quote for the planned images, and the model that would do it. */
import type {
  Destination,
  Unavailable,
  ModelId,
  ModelQuote,
  Dollars,
  Quote,
  RecipeId,
  RunMode,
  RunOptions,
  SavedRecipe,
} from "../ipc/bindings";
import type { CostScale } from "../kit/costScale";
import { typedMoney } from "../kit/typedMoney";
import { refusalWords, words } from "../messages";
import { money } from "../messages/format";
import type { AskedHook } from "../settings/hooks.svelte";
import type { App } from "../state/app.svelte";
import { keep, recall } from "../state/kept";
import { Pace } from "./pace.svelte";
import { askedOf, type Price, priceOf, type Terms } from "./price";
import { isBlocking } from "./unsupported_capabilities";

/** Models at one destination, and what hinders them all; retired ones say so themselves. */
export interface ModelGroup {
  /** Of their server; empty for this machine. */
  host: string;
  destination: Destination;
  rows: ModelQuote[];
  unavailable: Exclude<Unavailable, { kind: "retired" }> | null;
}

export class Plan {
  readonly app: App;
  readonly pace = new Pace();

  recipes = $state.raw<SavedRecipe[]>([]);
  recipeId = $state<RecipeId | null>(null);
  /** Whether the core has said which recipes there are. */
  areRecipesRead = $state(false);
  quote = $state.raw<Quote | null>(null);
  /** Why there is no quote, in words, when the core refused what one is made of. */
  refusal = $state<string | null>(null);
  isQuoting = $state(false);
  modelId = $state<ModelId | null>(null);
  typed = $state("");
  /** The budget cap as it is typed; it stays while models change. */
  typedBudget = $state("");
  /** Overnight where the chosen model can; it stays while models change. */
  wantsBatch = $state(false);
  /** Whether images are asked about whose answers were paid for earlier. */
  ignoresSavedAnswers = $state(false);
  /** Whether of images that look alike only one is asked about. */
  propagatesToSimilar = $state(false);
  isStarting = $state(false);
  /** Whether the person is asked to agree that images go to a server for the first time. */
  isAskingToSend = $state(false);
  /** Commands that the person is shown before they may run with a run; none while nothing is asked. */
  askedHooks = $state.raw<readonly AskedHook[]>([]);

  readonly recipe = $derived(this.recipes.find((saved) => saved.id === this.recipeId) ?? null);
  readonly chosen = $derived(this.quote?.models.find(({ model }) => model.id === this.modelId) ?? null);
  readonly mode = $derived<RunMode>(this.wantsBatch && this.chosen?.batch_dollars ? "batch" : "live");
  /** What the quote is to be for. */
  readonly terms = $derived<Terms>({
    propagates_to_similar: this.propagatesToSimilar,
    ignores_saved_answers: this.ignoresSavedAnswers,
  });
  /** How long an answer may get decides the price, how fast they come does not. */
  readonly quoteOptions = $derived<RunOptions>({ max_tokens: this.pace.maxTokens.count });
  readonly price = $derived<Price | null>(this.chosen && priceOf(this.chosen, this.mode));
  /** Images that the chosen model is asked about. */
  readonly asked = $derived(this.chosen ? this.askedOf(this.chosen) : 0);
  readonly groups = $derived(groupsOf(this.quote?.models ?? []));
  /** Labels that the chosen model will not look for. */
  readonly unknownLabels = $derived<ReadonlySet<string>>(unknownLabels(this.chosen, this.recipe));
  /** One scale for every whisker of the table; null when nothing has a price above nought. */
  readonly costScale = $derived(costScale(this.quote, this.mode));
  /** Whether a budget has a meaning for the chosen model: it costs something, or nobody knows what. */
  readonly mayCost = $derived(mayCost(this.chosen));
  /** Why the budget cap will not do, in words; null when it will. */
  readonly budgetProblem = $derived(this.#budgetProblem());
  /** What the run may cost at most, be it too little to begin; null: no limit. */
  readonly cap = $derived(this.mayCost ? typedMoney(this.typedBudget).amount : null);
  /** What the budget does to the run, in words; empty where it lets it come to its end. */
  readonly budgetForecast = $derived(this.#budgetForecast());
  /** Why the run cannot start, in words; null when it can. */
  readonly unavailable = $derived(this.#unavailable());
  readonly goal = $derived(this.#goal());

  #latestQuestion = 0;
  /** The budget that the quote is about. */
  #quotedBudget = $state<number | null>(null);
  /** Whether `modelId` is the person's choice, which a new quote leaves alone while it has that model. */
  #isChosenByPerson = false;

  constructor(app: App) {
    this.app = app;
  }

  async loadRecipes(): Promise<void> {
    this.refusal = null;
    const recipes = await this.#read(() => this.app.seam.recipes());
    if (!recipes) return;
    this.recipes = recipes;
    this.areRecipesRead = true;
    if (!recipes.some((saved) => saved.id === this.recipeId)) {
      const latest = recall("recipe", (value): value is RecipeId => recipes.some((saved) => saved.id === value));
      this.recipeId = latest ?? recipes[0]?.id ?? null;
    }
  }

  /** Asks how far the budget reaches. The prices stay as they are, so the run may be started meanwhile. */
  async askBudget(): Promise<void> {
    await this.ask(this.isQuoting);
  }

  /** Asks for the quote of the present plan; an answer to an earlier question is dropped. */
  async ask(isNewQuote = true): Promise<void> {
    const question = ++this.#latestQuestion;
    if (this.recipeId === null) return;
    const request = {
      images: this.app.imagesToPlan,
      recipe: this.recipeId,
      ...this.terms,
      options: this.quoteOptions,
      pilot: null,
      budget_dollars: this.cap,
    };
    if (isNewQuote) this.isQuoting = true;
    this.refusal = null;
    const quote = await this.#read(() => this.app.seam.quote(request));
    if (question !== this.#latestQuestion) return;
    this.isQuoting = false;
    this.#quotedBudget = request.budget_dollars;
    this.quote = quote ?? null;
    if (quote && !(this.#isChosenByPerson && this.chosen)) this.modelId = modelToChoose(quote);
  }

  /** Reads once more what was refused. */
  async tryAgain(): Promise<void> {
    if (!this.areRecipesRead) await this.loadRecipes();
    await this.ask();
  }

  /** What the core refuses here is told where the quote would be, not beside it. */
  async #read<Answer>(question: () => Promise<Answer>): Promise<Answer | undefined> {
    try {
      return await question();
    } catch (refused) {
      console.warn(refused);
      this.refusal = refusalWords(refused);
      return undefined;
    }
  }

  /** Images that a model is asked about: what its quote is for. */
  askedOf(row: ModelQuote): number {
    return this.quote === null ? 0 : askedOf(row, this.quote, this.terms);
  }

  choose(model: ModelId): void {
    this.modelId = model;
    this.#isChosenByPerson = true;
  }

  /** It is chosen again after a restart. */
  chooseRecipe(recipe: RecipeId): void {
    this.recipeId = recipe;
    keep("recipe", recipe);
  }

  async saveTyped(): Promise<void> {
    if (this.typed.trim() !== "" && (await this.#save(this.typed))) this.typed = "";
  }

  async #save(typed: string): Promise<boolean> {
    const saved = await this.app.attempt(() => this.app.seam.saveTypedRecipe(typed));
    if (!saved) return false;
    await this.loadRecipes();
    this.chooseRecipe(saved.id);
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

  /** Starts the run, or asks first: whether images may go to where they have not gone before, whether new commands may run. */
  async start(): Promise<void> {
    const destination = this.chosen?.model.destination;
    const isNew = destination?.kind === "host" && !(this.app.settings.agreed_hosts ?? []).includes(destination.name);
    if (this.unavailable === null && isNew) this.isAskingToSend = true;
    else await this.#startWithHooks();
  }

  /** Images may go to the chosen model's server, now and later. */
  async agree(): Promise<void> {
    this.isAskingToSend = false;
    const destination = this.chosen?.model.destination;
    if (destination?.kind !== "host") return;
    const agreed_hosts = [...(this.app.settings.agreed_hosts ?? []), destination.name];
    if (await this.app.saveSettings({ agreed_hosts })) await this.#startWithHooks();
  }

  /** Those commands may run, now and later. */
  async agreeToHooks(): Promise<void> {
    const asked = this.askedHooks;
    this.askedHooks = [];
    for (const { event, command } of asked) {
      const agreed = await this.app.attempt(() => this.app.seam.agreeToHook(event, command).then(() => true));
      if (!agreed) return;
    }
    await this.#start();
  }

  /** The run leaves out what nobody has agreed to, and says so. */
  async startWithoutHooks(): Promise<void> {
    this.askedHooks = [];
    await this.#start();
  }

  /** Commands may have come into the settings file by another way than the window, which asks for each of them. */
  async #startWithHooks(): Promise<void> {
    if (this.unavailable !== null || this.isStarting) return;
    const standings = (await this.app.attempt(() => this.app.seam.hooks())) ?? [];
    this.askedHooks = standings.flatMap(({ event, command, is_agreed }) =>
      command === null || is_agreed ? [] : { event, command },
    );
    if (this.askedHooks.length === 0) await this.#start();
  }

  async #start(): Promise<void> {
    const { recipeId, modelId } = this;
    if (this.unavailable !== null || recipeId === null || modelId === null || this.isStarting) return;
    this.isStarting = true;
    const images = this.app.imagesToPlan;
    const run = await this.app.attempt(() =>
      this.app.seam.startRun({
        images,
        recipe: recipeId,
        model: modelId,
        mode: this.mode,
        ...this.terms,
        // The vendor says how many of a batch it works on at once.
        options: this.mode === "live" ? this.pace.options : this.quoteOptions,
        pilot: null,
        budget_dollars: this.cap,
        collection: this.app.collection,
      }),
    );
    this.isStarting = false;
    if (run === undefined) return;
    // To pay again is decided anew every time.
    this.ignoresSavedAnswers = false;
    this.app.showRun(run);
  }

  #unavailable(): string | null {
    // What is started is what was quoted, so an outdated quote starts nothing.
    if (this.isQuoting || !(this.areRecipesRead || this.refusal !== null)) return words.plan.quoting;
    if (this.areRecipesRead && this.recipeId === null) return words.plan.noRecipe;
    if (!this.quote) return words.plan.noQuote;
    if (this.quote.image_count === 0) return words.plan.noneChosen;
    if (!this.chosen) return words.plan.chooseModel;
    if (this.chosen.can_run) {
      if (this.budgetProblem !== null) return words.plan.budget.hinders;
      return this.pace.problem;
    }
    const { model, unsupported_capabilities, unavailable } = this.chosen;
    if (unavailable) return words.plan.unavailable(unavailable);
    const blocking = unsupported_capabilities.find(isBlocking);
    return blocking ? words.plan.unsupported(words.plan.theModel(model.name), blocking) : words.plan.cannotRun;
  }

  #budgetProblem(): string | null {
    if (!this.mayCost) return null;
    const { amount, problem } = typedMoney(this.typedBudget);
    if (problem !== null) return words.frame.typedMoney[problem];
    if (amount === null) return null;
    if (!this.chosen?.cost_dollars) return words.plan.budget.noPrice;
    const dearest = this.chosen.cost_basis?.dearest_request_dollars ?? 0;
    return amount < dearest ? words.plan.budget.tooSmall(amount, dearest) : null;
  }

  #budgetForecast(): string[] {
    const forecast = this.mode === "batch" ? this.chosen?.batch_budget : this.chosen?.budget;
    if (!forecast || this.isQuoting || this.#quotedBudget !== this.cap) return [];
    const { reach, batches } = forecast;
    const said = [];
    if (reach.kind === "may_stop") said.push(words.plan.budget.mayStop);
    if (reach.kind === "stops_after") said.push(words.plan.budget.stopsAfter(reach.images, this.asked));
    if (batches > 1) said.push(words.plan.budget.batches(batches));
    return said;
  }

  /** What the one button says: the number of images and of dollars. */
  #goal(): string {
    const cost = this.price?.cost ?? null;
    if (!this.quote?.image_count) return words.plan.annotateNothing;
    const said = cost === null ? null : costWords(cost.low, cost.expected, cost.high);
    const reused = this.ignoresSavedAnswers ? 0 : (this.chosen?.answered_before ?? 0);
    return reused > 0
      ? words.plan.annotateNew(this.quote.image_count - reused, reused, said)
      : words.plan.annotate(this.quote.image_count, said);
  }
}

function mayCost(chosen: ModelQuote | null): boolean {
  if (chosen === null) return false;
  return chosen.cost_dollars ? chosen.cost_dollars.high > 0 : chosen.model.destination.kind === "host";
}

/** The suggested model where it can run, else the first that can. */
function modelToChoose(quote: Quote): ModelId | null {
  const suggested = quote.models.find(({ model }) => model.id === quote.suggested_model);
  const chosen = suggested?.can_run ? suggested : (quote.models.find((row) => row.can_run) ?? quote.models[0]);
  return chosen?.model.id ?? null;
}

/** Models by where they are, in the order in which they came. */
export function groupsOf(models: readonly ModelQuote[]): ModelGroup[] {
  const groups = new Map<string, ModelGroup>();
  for (const row of models) {
    const { destination } = row.model;
    const host = destination.kind === "host" ? destination.name : "";
    const group = groups.get(host) ?? { host, destination, rows: [], unavailable: null };
    groups.set(host, group);
    group.rows.push(row);
    if (row.unavailable && row.unavailable.kind !== "retired") group.unavailable ??= row.unavailable;
  }
  return [...groups.values()];
}

function costWords(low: Dollars, expected: Dollars, high: Dollars): string {
  return low === high ? money(expected) : words.plan.about(money(expected));
}

function unknownLabels(chosen: ModelQuote | null, saved: SavedRecipe | null): ReadonlySet<string> {
  const unsupported_capabilities = chosen?.unsupported_capabilities ?? [];
  if (unsupported_capabilities.some(({ kind }) => kind === "no_known_label")) {
    return new Set(saved?.recipe.labels.map(({ name }) => name));
  }
  return new Set(
    unsupported_capabilities.flatMap((unsupported) =>
      unsupported.kind === "unknown_labels" ? unsupported.labels : [],
    ),
  );
}

function costScale(quote: Quote | null, mode: RunMode): CostScale | null {
  const costs = (quote?.models ?? []).flatMap((row) => {
    const { cost } = priceOf(row, mode);
    return cost && cost.high > 0 ? [cost] : [];
  });
  if (costs.length === 0) return null;
  // A little room at both ends, so that no whisker touches the edge of its column.
  return {
    from: Math.min(...costs.map(({ low }) => Math.max(1e-9, low))) / 1.3,
    to: Math.max(...costs.map(({ high }) => high)) * 1.3,
  };
}
