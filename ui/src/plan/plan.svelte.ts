/** State of the plan screen: the recipe, the quote for the planned images, and the chosen model. */
import { SvelteSet } from "svelte/reactivity";

import type {
  Destination,
  PlanRequest,
  Saving,
  Unavailable,
  ModelId,
  ModelQuote,
  CostRange,
  Quote,
  RecipeId,
  RunMode,
  RunOptions,
  SavedRecipe,
} from "../api/bindings";
import type { CostScale } from "../components/costScale";
import { typedMoney } from "../components/typedMoney";
import { errorMessage, words } from "../messages";
import { money } from "../messages/format";
import type { AskedHook } from "../settings/hooks.svelte";
import type { App } from "../state/app.svelte";
import { keep, recall } from "../state/kept";
import { Pace } from "./pace.svelte";
import { askedOf, type Price, priceOf, type Terms } from "./price";
import { PlanSavings } from "./savings.svelte";
import { isBlocking } from "./unsupported";

/** Models at one destination, and why all are unavailable. */
export interface ModelGroup {
  /** Empty for this machine. */
  host: string;
  destination: Destination;
  rows: ModelQuote[];
  unavailable: Unavailable | null;
}

export class Plan {
  readonly app: App;
  readonly pace = new Pace();
  readonly savings = new PlanSavings();

  recipes = $state.raw<SavedRecipe[]>([]);
  recipeId = $state<RecipeId | null>(null);
  /** Whether the recipes are loaded. */
  areRecipesRead = $state(false);
  quote = $state.raw<Quote | null>(null);
  /** The error message if there is no quote. */
  refusal = $state<string | null>(null);
  isQuoting = $state(false);
  modelId = $state<ModelId | null>(null);
  typed = $state("");
  /** As typed; kept when the model changes, and across restarts. */
  typedBudget = $state(recall("budget", isText) ?? "");
  /** Batch if the chosen model supports it; kept when the model changes. */
  wantsBatch = $state(false);
  /** Whether saved answers are ignored and paid for again. */
  ignoresSavedAnswers = $state(false);
  /** Whether only one of each group of near-duplicates is sent. */
  propagatesToSimilar = $state(false);
  /** Whether a pilot comes first; kept when the model changes. */
  wantsPilot = $state(false);
  /** Kept across restarts. */
  pilotImages = $state(recall("pilot", isPilotSize) ?? USUAL_PILOT);
  isStarting = $state(false);
  /** Whether the first transfer to a server is being confirmed. */
  isAskingToSend = $state(false);
  /** Hooks that need consent before the run; empty if none. */
  askedHooks = $state.raw<readonly AskedHook[]>([]);

  readonly recipe = $derived(this.recipes.find((saved) => saved.id === this.recipeId) ?? null);
  readonly chosen = $derived(this.quote?.models.find(({ model }) => model.id === this.modelId) ?? null);
  readonly mode = $derived<RunMode>(this.wantsBatch && this.chosen?.batch_dollars ? "batch" : "live");
  /** Options of the quote. */
  readonly terms = $derived<Terms>({
    propagates_to_similar: this.propagatesToSimilar,
    ignores_saved_answers: this.ignoresSavedAnswers,
  });
  /** Answers, images and examples determine the price; the other run options do not. */
  readonly quoteOptions = $derived<RunOptions>({ max_tokens: this.pace.maxTokens.count, ...this.savings.options });
  readonly price = $derived<Price | null>(this.chosen && priceOf(this.chosen, this.mode));
  /** Images that the chosen model gets. */
  readonly asked = $derived(this.chosen ? this.askedOf(this.chosen) : 0);
  /** Images of the pilot; null without one, and if it would be all images. */
  readonly pilot = $derived(this.wantsPilot && this.pilotImages < this.asked ? this.pilotImages : null);
  readonly groups = $derived(groupsOf(this.quote?.models ?? []));
  /** Hosts without a key whose models are listed nevertheless. */
  readonly #open = new SvelteSet<string>();
  /** Labels that the chosen model does not support. */
  readonly unknownLabels = $derived<ReadonlySet<string>>(unknownLabels(this.chosen, this.recipe));
  /** One scale for all whiskers; null if nothing costs anything. */
  readonly costScale = $derived(costScale(this.quote, this.mode));
  /** Whether a budget applies: the chosen model has a price, or an unknown one. */
  readonly mayCost = $derived(mayCost(this.chosen));
  /** Why the budget is invalid; null if valid. */
  readonly budgetProblem = $derived(this.#budgetProblem());
  /** The maximum cost, even if too low to start; null for no limit. */
  readonly cap = $derived(this.mayCost ? typedMoney(this.typedBudget).amount : null);
  /** How the budget limits the run; empty if it does not. */
  readonly budgetForecast = $derived(this.#budgetForecast());
  /** Why the run cannot start; null if it can. */
  readonly unavailable = $derived(this.#unavailable());
  readonly goal = $derived(this.#goal());

  #latestQuestion = 0;
  /** The budget of the quote. */
  #quotedBudget = $state<number | null>(null);
  /** Whether the user chose `modelId`; new quotes keep it if they have the model. */
  #isChosenByPerson = false;

  constructor(app: App) {
    this.app = app;
  }

  async loadRecipes(): Promise<void> {
    this.refusal = null;
    const recipes = await this.#read(() => this.app.core.recipes());
    if (!recipes) return;
    this.recipes = recipes;
    this.areRecipesRead = true;
    if (!recipes.some((saved) => saved.id === this.recipeId)) {
      const latest = recall("recipe", (value): value is RecipeId => recipes.some((saved) => saved.id === value));
      this.recipeId = latest ?? recipes[0]?.id ?? null;
    }
  }

  /** Updates the forecast of the budget. Prices stay, so the run may be started meanwhile. */
  async askBudget(): Promise<void> {
    keep("budget", this.typedBudget);
    await this.ask(this.isQuoting);
  }

  /** Requests a quote; answers to earlier requests are dropped. */
  async ask(isNewQuote = true): Promise<void> {
    const question = ++this.#latestQuestion;
    if (this.recipeId === null) return;
    const request = this.#request(this.recipeId);
    if (isNewQuote) this.isQuoting = true;
    this.refusal = null;
    const quote = await this.#read(() => this.app.core.quote(request));
    if (question !== this.#latestQuestion) return;
    this.isQuoting = false;
    this.#quotedBudget = request.budget_dollars;
    this.quote = quote ?? null;
    if (quote && !(this.#isChosenByPerson && this.chosen)) this.modelId = modelToChoose(quote, recall("model", isText));
  }

  #request(recipe: RecipeId): PlanRequest {
    return {
      images: this.app.scope.imagesToPlan,
      recipe,
      ...this.terms,
      options: this.quoteOptions,
      pilot: this.wantsPilot ? this.pilotImages : null,
      budget_dollars: this.cap,
    };
  }

  /** Computes the ways to spend less on the quoted plan. */
  askSavings(): void {
    const { recipeId, modelId, mode, price } = this;
    if (this.isQuoting) return;
    if (recipeId === null || modelId === null || !price?.cost || price.cost.at_most === 0) this.savings.clear();
    else void this.savings.ask(this.app.core, this.#request(recipeId), modelId, mode);
  }

  /** Applies a way to spend less, or takes it back. */
  toggleSaving(saving: Saving): void {
    const changed = this.savings.toggle(this, saving);
    if (changed) this.pace.typedMaxTokens = changed.maxTokens === null ? "" : String(changed.maxTokens);
    // The model and the mode are in the quote already.
    if (saving.change.kind !== "cheaper_model" && saving.change.kind !== "batch") void this.ask();
  }

  /** Retries the failed request. */
  async tryAgain(): Promise<void> {
    if (!this.areRecipesRead) await this.loadRecipes();
    await this.ask();
  }

  /** Errors are shown in place of the quote. */
  async #read<Answer>(question: () => Promise<Answer>): Promise<Answer | undefined> {
    try {
      return await question();
    } catch (refused) {
      console.warn(refused);
      this.refusal = errorMessage(refused);
      return undefined;
    }
  }

  /** Images that a model gets. */
  askedOf(row: ModelQuote): number {
    return this.quote === null ? 0 : askedOf(row, this.quote, this.terms);
  }

  /** Models without a key are listed on request, once there is a key for others. */
  isCollapsible(group: ModelGroup): boolean {
    const isUsable = ({ destination, unavailable }: ModelGroup) => destination.kind === "host" && unavailable === null;
    const isChosen = group.rows.some(({ model }) => model.id === this.modelId);
    return group.unavailable?.kind === "no_key" && !isChosen && this.groups.some(isUsable);
  }

  isOpen(group: ModelGroup): boolean {
    return !this.isCollapsible(group) || this.#open.has(group.host);
  }

  toggle({ host }: ModelGroup): void {
    if (!this.#open.delete(host)) this.#open.add(host);
  }

  /** Remembered across restarts. */
  choose(model: ModelId): void {
    this.modelId = model;
    this.savings.modelBefore = null;
    keep("model", model);
    this.#isChosenByPerson = true;
  }

  /** Remembered across restarts. */
  chooseRecipe(recipe: RecipeId): void {
    this.recipeId = recipe;
    keep("recipe", recipe);
  }

  choosePilot(wantsPilot: boolean): void {
    this.wantsPilot = wantsPilot;
  }

  /** Remembered across restarts; a number is only entered for a pilot. */
  choosePilotImages(images: number | null): void {
    if (images === null) return;
    this.pilotImages = images;
    this.wantsPilot = true;
    keep("pilot", images);
  }

  async saveTyped(): Promise<void> {
    if (this.typed.trim() !== "" && (await this.#save(this.typed))) this.typed = "";
  }

  async #save(typed: string): Promise<boolean> {
    const saved = await this.app.notices.attempt(() => this.app.core.saveTypedRecipe(typed));
    if (!saved) return false;
    await this.loadRecipes();
    this.chooseRecipe(saved.id);
    return true;
  }

  /** Starts the run, after confirming new servers and new hooks. */
  async start(): Promise<void> {
    const destination = this.chosen?.model.destination;
    const isNew =
      destination?.kind === "host" && !(this.app.settings.current.agreed_hosts ?? []).includes(destination.name);
    if (this.unavailable === null && isNew) this.isAskingToSend = true;
    else await this.#startWithHooks();
  }

  /** Allows sending to the chosen model's server. */
  async agree(): Promise<void> {
    this.isAskingToSend = false;
    const destination = this.chosen?.model.destination;
    if (destination?.kind !== "host") return;
    const agreed_hosts = [...(this.app.settings.current.agreed_hosts ?? []), destination.name];
    if (await this.app.settings.save({ agreed_hosts })) await this.#startWithHooks();
  }

  /** Allows these hooks. */
  async agreeToHooks(): Promise<void> {
    const asked = this.askedHooks;
    this.askedHooks = [];
    for (const { event, command } of asked) {
      const agreed = await this.app.notices.attempt(() => this.app.core.agreeToHook(event, command).then(() => true));
      if (!agreed) return;
    }
    await this.#start();
  }

  /** Starts without hooks that were not allowed; the run reports them. */
  async startWithoutHooks(): Promise<void> {
    this.askedHooks = [];
    await this.#start();
  }

  /** Hooks may have been added to the settings file outside of the window, so each needs consent. */
  async #startWithHooks(): Promise<void> {
    if (this.unavailable !== null || this.isStarting) return;
    const standings = (await this.app.notices.attempt(() => this.app.core.hooks())) ?? [];
    this.askedHooks = standings.flatMap(({ event, command, is_agreed }) =>
      command === null || is_agreed ? [] : { event, command },
    );
    if (this.askedHooks.length === 0) await this.#start();
  }

  async #start(): Promise<void> {
    const { recipeId, modelId } = this;
    if (this.unavailable !== null || recipeId === null || modelId === null || this.isStarting) return;
    this.isStarting = true;
    const images = this.app.scope.imagesToPlan;
    const run = await this.app.notices.attempt(() =>
      this.app.core.startRun({
        images,
        recipe: recipeId,
        model: modelId,
        mode: this.mode,
        ...this.terms,
        // In batch mode the vendor decides the concurrency.
        options: this.mode === "live" ? { ...this.pace.options, ...this.quoteOptions } : this.quoteOptions,
        pilot: this.pilot,
        budget_dollars: this.cap,
        collection: this.app.scope.collection,
      }),
    );
    this.isStarting = false;
    if (run === undefined) return;
    // Paying again is never remembered, and the next plan need not begin with a pilot.
    this.ignoresSavedAnswers = false;
    this.wantsPilot = false;
    this.app.navigation.showRun(run);
  }

  #unavailable(): string | null {
    if (this.app.frontEnd.isReadOnly) return words.browser.readOnlyPlan;
    // Only a current quote can be started.
    if (this.isQuoting || !(this.areRecipesRead || this.refusal !== null)) return words.plan.quoting;
    if (this.areRecipesRead && this.recipeId === null) return words.plan.noRecipe;
    if (!this.quote) return words.plan.noQuote;
    if (this.quote.image_count === 0) return words.plan.noneChosen;
    if (!this.chosen) return words.plan.chooseModel;
    if (this.chosen.can_run) {
      if (this.budgetProblem !== null) return words.plan.budget.invalid;
      return this.pace.problem;
    }
    const { model, unsupported_capabilities, unavailable } = this.chosen;
    if (unavailable) return words.plan.unavailable(unavailable);
    const blocking = unsupported_capabilities.find(isBlocking);
    return blocking ? words.plan.unsupported(words.plan.theModel(model.name), blocking) : words.plan.unsupportedRecipe;
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

  /** Text of the start button: images and cost. */
  #goal(): string {
    const cost = this.price?.cost ?? null;
    if (!this.quote?.image_count) return words.plan.annotateNothing;
    const said = cost === null ? null : costWords(cost);
    if (this.pilot !== null) {
      const first = this.chosen?.pilot?.cost_dollars ?? null;
      return words.plan.pilot.annotate(this.pilot, first && costWords(first));
    }
    const reused = this.ignoresSavedAnswers ? 0 : (this.chosen?.answered_before ?? 0);
    return reused > 0
      ? words.plan.annotateNew(this.quote.image_count - reused, reused, said)
      : words.plan.annotate(this.quote.image_count, said);
  }
}

function mayCost(chosen: ModelQuote | null): boolean {
  if (chosen === null) return false;
  return chosen.cost_dollars ? chosen.cost_dollars.at_most > 0 : chosen.model.destination.kind === "host";
}

/** The model of the last time or the suggested one, if it can run and is not retired; otherwise the first of these. */
function modelToChoose({ models, suggested_model }: Quote, latest: ModelId | null): ModelId | null {
  const wanted = [latest, suggested_model].map((id) => models.find(({ model }) => model.id === id));
  const isDefault = (row: ModelQuote | undefined) => row?.can_run && !row.model.is_retired;
  const chosen = wanted.find(isDefault) ?? models.find(isDefault) ?? models[0];
  return chosen?.model.id ?? null;
}

/** Images. */
const USUAL_PILOT = 8;
/** A pilot is looked at image by image. */
export const MAX_PILOT = 10_000;

function isPilotSize(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= MAX_PILOT;
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

/** Groups models by destination, in order. */
export function groupsOf(models: readonly ModelQuote[]): ModelGroup[] {
  const groups = new Map<string, ModelGroup>();
  for (const row of models) {
    const { destination } = row.model;
    const host = destination.kind === "host" ? destination.name : "";
    const group = groups.get(host) ?? { host, destination, rows: [], unavailable: null };
    groups.set(host, group);
    group.rows.push(row);
    group.unavailable ??= row.unavailable;
  }
  return [...groups.values()];
}

function costWords({ likely_low: low, expected, at_most: high }: CostRange): string {
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
    return cost && cost.at_most > 0 ? [cost] : [];
  });
  if (costs.length === 0) return null;
  // Some space at both ends, so that no whisker touches the edge.
  return {
    from: Math.min(...costs.map(({ likely_low: low }) => Math.max(1e-9, low))) / 1.3,
    to: Math.max(...costs.map(({ at_most: high }) => high)) * 1.3,
  };
}
