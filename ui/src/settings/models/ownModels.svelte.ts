/** The models of a server with models of its own: those it has listed, and what the user says of them. */
import type { AnswerForm, BoxCoordinates, Connection, ModelId, ModelSettings, OwnModel } from "../../api/bindings";
import { typedCount } from "../../components/typedCount";
import type { App } from "../../state/app.svelte";
import { textOfPrice, typedPrice } from "./typedPrice";

export const LONGEST_EDGE = 16_384;
const MOST_TOKENS = 1_000_000_000;

export const SIZES = {
  longest_edge: LONGEST_EDGE,
  context_tokens: MOST_TOKENS,
  max_output_tokens: MOST_TOKENS,
} as const;
export type Size = keyof typeof SIZES;
export const SIZE_NAMES = Object.keys(SIZES) as Size[];

export const OWN_PRICES = ["input_dollars_per_million", "output_dollars_per_million"] as const;
export type OwnPrice = (typeof OWN_PRICES)[number];

export type OwnField = "id" | Size | OwnPrice;

/** A model as it is typed. What is empty follows from its id. */
export class ModelDraft {
  /** Whether it is described already. */
  readonly isKnown: boolean;
  /** As it is used, for what is left empty. */
  readonly model: OwnModel | null;
  id = $state("");
  name = $state("");
  coordinates = $state<BoxCoordinates | "automatic">("automatic");
  answerForm = $state<AnswerForm | "automatic">("automatic");
  takesImages = $state(true);
  readonly sizes = $state<Record<Size, string>>({ longest_edge: "", context_tokens: "", max_output_tokens: "" });
  readonly prices = $state<Record<OwnPrice, string>>({ input_dollars_per_million: "", output_dollars_per_million: "" });

  readonly #taken: readonly ModelId[];

  constructor(model: OwnModel | null, set: ModelSettings | null, taken: readonly ModelId[]) {
    this.isKnown = set !== null;
    this.model = model;
    this.#taken = taken;
    this.id = set?.id ?? model?.id ?? "";
    if (set === null) return;
    this.name = set.name ?? "";
    this.coordinates = set.coordinates ?? "automatic";
    this.answerForm = set.answer_form ?? "automatic";
    this.takesImages = set.takes_images ?? true;
    for (const name of SIZE_NAMES) this.sizes[name] = set[name] == null ? "" : String(set[name]);
    for (const name of OWN_PRICES) this.prices[name] = textOfPrice(set[name] ?? null);
  }

  get wrong(): ReadonlySet<OwnField> {
    const wrong = new Set<OwnField>();
    const id = this.id.trim();
    if (id === "" || this.#taken.includes(id)) wrong.add("id");
    for (const name of SIZE_NAMES) if (typedCount(this.sizes[name], 1, SIZES[name]).isWrong) wrong.add(name);
    for (const name of OWN_PRICES) {
      const isEmpty = this.prices[name].trim() === "";
      // One price alone is no price.
      const isAlone = isEmpty && OWN_PRICES.some((other) => this.prices[other].trim() !== "");
      if (isAlone || (!isEmpty && typedPrice(this.prices[name]) === null)) wrong.add(name);
    }
    return wrong;
  }

  /** What is typed; only for one in which nothing is wrong. */
  get set(): ModelSettings {
    const size = (name: Size) => typedCount(this.sizes[name], 1, SIZES[name]).count;
    const price = (name: OwnPrice) => (this.prices[name].trim() === "" ? null : typedPrice(this.prices[name]));
    return {
      id: this.id.trim(),
      name: this.name.trim() === "" ? null : this.name.trim(),
      coordinates: this.coordinates === "automatic" ? null : this.coordinates,
      takes_images: this.takesImages ? null : false,
      answer_form: this.answerForm === "automatic" ? null : this.answerForm,
      longest_edge: size("longest_edge"),
      context_tokens: size("context_tokens"),
      max_output_tokens: size("max_output_tokens"),
      input_dollars_per_million: price("input_dollars_per_million"),
      output_dollars_per_million: price("output_dollars_per_million"),
    };
  }
}

export class OwnModelList {
  draft = $state.raw<ModelDraft | null>(null);
  hasTried = $state(false);
  isRefreshing = $state(false);

  readonly #app: App;
  /** The id of the provider. */
  readonly #provider: string;

  readonly connection = $derived.by<Connection | null>(() => this.#app.connections.to(this.#provider));
  readonly models = $derived(this.connection?.own_models?.models ?? []);
  readonly listedAt = $derived(this.connection?.own_models?.listed_at ?? null);

  constructor(app: App, provider: string) {
    this.#app = app;
    this.#provider = provider;
  }

  get #described(): readonly ModelSettings[] {
    return this.#app.connections.settingsOf(this.#provider).models ?? [];
  }

  /** What is set for this model. */
  settingsOf(id: ModelId): ModelSettings | null {
    return this.#described.find((model) => model.id === id) ?? null;
  }

  /** A model by name, or one that the server has listed. */
  add(listed: OwnModel | null = null): void {
    this.#open(
      new ModelDraft(
        listed,
        null,
        this.#described.map(({ id }) => id),
      ),
    );
  }

  edit(model: OwnModel): void {
    const set = this.settingsOf(model.id);
    if (set === null) this.add(model);
    else this.#open(new ModelDraft(model, set, []));
  }

  async save(): Promise<void> {
    const { draft } = this;
    this.hasTried = true;
    if (draft === null || draft.wrong.size > 0) return;
    const { set } = draft;
    const models = draft.isKnown
      ? this.#described.map((model) => (model.id === set.id ? set : model))
      : [...this.#described, set];
    if (await this.#app.connections.save(this.#provider, { models })) this.draft = null;
  }

  async remove(id: ModelId): Promise<void> {
    const models = this.#described.filter((model) => model.id !== id);
    if (await this.#app.connections.save(this.#provider, { models })) this.draft = null;
  }

  /** Asks the server for its list. */
  async refresh(): Promise<void> {
    this.isRefreshing = true;
    const check = await this.#app.notices.attempt(() => this.#app.core.checkConnection(this.#provider));
    this.isRefreshing = false;
    if (check && check.kind !== "works" && check.kind !== "unknown_model") this.refusal = check;
    else this.refusal = null;
    await this.#app.connections.load();
  }

  /** Why the server did not list its models. */
  refusal = $state.raw<Awaited<ReturnType<App["core"]["checkConnection"]>> | null>(null);

  #open(draft: ModelDraft): void {
    this.hasTried = false;
    this.draft = draft;
  }
}
