/** The prices and limits of models: the list, an edited model, and a public table that is being imported. */
import type {
  BoxCoordinates,
  Dollars,
  ModelId,
  ModelPrice,
  PriceChange,
  PriceComparison,
  PriceList,
  PriceSettings,
} from "../../api/bindings";
import { type Sorting, sorted } from "../../components/sorting";
import { typedCount } from "../../components/typedCount";
import type { App } from "../../state/app.svelte";
import { textOfPrice, typedPrice } from "./typedPrice";

export type PriceColumn =
  "name" | "provider" | "input" | "output" | "cache_read" | "cache_write" | "batch" | "since" | "source" | "retires";

/** The amounts of the form, with the fields of the list and of the settings that hold them. */
export const AMOUNTS = {
  input: ["input_dollars_per_million", "input_dollars_per_million"],
  output: ["output_dollars_per_million", "output_dollars_per_million"],
  cache_read: ["cached_input_dollars_per_million", "cache_read_dollars_per_million"],
  cache_write_5m: ["cache_write_5m_dollars_per_million", "cache_write_5m_dollars_per_million"],
  cache_write_1h: ["cache_write_1h_dollars_per_million", "cache_write_1h_dollars_per_million"],
} as const;
export type Amount = keyof typeof AMOUNTS;
export const AMOUNT_NAMES = Object.keys(AMOUNTS) as Amount[];

/** The whole numbers of the form, with their greatest values. */
export const COUNTS = { batch_percent: 100, context_tokens: 1_000_000_000, max_output_tokens: 1_000_000_000 } as const;
export type Count = keyof typeof COUNTS;
export const COUNT_NAMES = Object.keys(COUNTS) as Count[];

/** A model's price as it is typed. */
export class PriceDraft {
  readonly model: ModelPrice;
  readonly amounts = $state<Record<Amount, string>>({
    input: "",
    output: "",
    cache_read: "",
    cache_write_5m: "",
    cache_write_1h: "",
  });
  readonly counts = $state<Record<Count, string>>({ batch_percent: "", context_tokens: "", max_output_tokens: "" });
  coordinates = $state<BoxCoordinates>("pixel_xyxy");

  /** Of the form; no batches, no price of a batch. */
  readonly countNames: readonly Count[];

  constructor(model: ModelPrice) {
    this.model = model;
    for (const name of AMOUNT_NAMES) this.amounts[name] = textOfPrice(model[AMOUNTS[name][0]]);
    this.countNames = COUNT_NAMES.filter((name) => model[name] !== null);
    for (const name of this.countNames) this.counts[name] = String(model[name]);
    this.coordinates = model.coordinates;
  }

  /** Fields that cannot be saved. */
  get wrong(): ReadonlySet<Amount | Count> {
    const amounts = AMOUNT_NAMES.filter((name) => typedPrice(this.amounts[name]) === null);
    const counts = this.countNames.filter((name) => typedCount(this.counts[name], 1, COUNTS[name]).count === null);
    return new Set([...amounts, ...counts]);
  }

  /** What differs from the model; null if nothing does. Only for a draft in which nothing is wrong. */
  get changed(): PriceSettings | null {
    const changed: Partial<PriceSettings> = {};
    for (const name of AMOUNT_NAMES) {
      const amount = typedPrice(this.amounts[name]);
      const [listed, set] = AMOUNTS[name];
      if (amount !== null && amount !== this.model[listed]) changed[set] = amount;
    }
    for (const name of this.countNames) {
      const { count } = typedCount(this.counts[name], 1, COUNTS[name]);
      if (count !== null && count !== this.model[name]) changed[name] = count;
    }
    if (this.coordinates !== this.model.coordinates) changed.coordinates = this.coordinates;
    return Object.keys(changed).length === 0 ? null : { id: this.model.id, ...changed };
  }
}

/** A public table compared with the prices in use, and the models of it that are to be imported. */
export class PriceImport {
  readonly comparison: PriceComparison;
  readonly table: string;
  readonly models: readonly { id: ModelId; changes: readonly PriceChange[] }[];
  chosen = $state.raw<ReadonlySet<ModelId>>(new Set());

  constructor(comparison: PriceComparison, table: string) {
    this.comparison = comparison;
    this.table = table;
    const ids = [...new Set(comparison.changes.map(({ model }) => model))];
    this.models = ids.map((id) => ({ id, changes: comparison.changes.filter(({ model }) => model === id) }));
    this.chosen = new Set(ids);
  }

  choose(model: ModelId, isChosen: boolean): void {
    const others = [...this.chosen].filter((id) => id !== model);
    this.chosen = new Set(isChosen ? [...others, model] : others);
  }
}

export class Prices {
  list = $state.raw<PriceList | null>(null);
  sought = $state("");
  sorting = $state.raw<Sorting<PriceColumn>>({ column: "provider", direction: "ascending" });
  draft = $state.raw<PriceDraft | null>(null);
  /** Whether wrong fields say so. */
  hasTried = $state(false);
  importing = $state.raw<PriceImport | null>(null);
  isResettingAll = $state(false);

  readonly #app: App;

  readonly shown = $derived.by<ModelPrice[]>(() => {
    const sought = this.sought.trim().toLowerCase();
    const isSought = ({ id, name, provider }: ModelPrice) =>
      [id, name, provider].some((text) => text.toLowerCase().includes(sought));
    return sorted(this.list?.models.filter(isSought) ?? [], this.sorting, valueOf);
  });
  /** Models that the user has changed. */
  readonly own = $derived(this.list?.models.filter(({ is_changed }) => is_changed) ?? []);
  readonly areOld = $derived(this.list?.models.some(({ is_old }) => is_old) ?? false);

  constructor(app: App) {
    this.#app = app;
  }

  load(): Promise<void> {
    return this.#show(() => this.#app.core.prices());
  }

  edit(model: ModelPrice): void {
    this.hasTried = false;
    this.draft = new PriceDraft(model);
  }

  async save(): Promise<void> {
    const { draft } = this;
    this.hasTried = true;
    if (draft === null || draft.wrong.size > 0) return;
    const { changed } = draft;
    if (changed === null || (await this.#change(() => this.#app.core.setPrice(changed)))) this.draft = null;
  }

  async reset(models: ModelId[]): Promise<void> {
    if (!(await this.#change(() => this.#app.core.resetPrices(models)))) return;
    this.draft = null;
    this.isResettingAll = false;
  }

  /** Reads a public table and shows what importing it would change. */
  async compare(file: File): Promise<void> {
    const table = await file.text();
    const comparison = await this.#app.notices.attempt(() => this.#app.core.comparePrices(table));
    if (comparison) this.importing = new PriceImport(comparison, table);
  }

  async import(): Promise<void> {
    const { importing } = this;
    if (importing === null || importing.chosen.size === 0) return;
    const models = [...importing.chosen];
    if (await this.#change(() => this.#app.core.importPrices(importing.table, models))) this.importing = null;
  }

  async #show(ask: () => Promise<PriceList>): Promise<void> {
    const list = await this.#app.notices.attempt(ask);
    if (list) this.list = list;
  }

  /** Whether it was changed. */
  async #change(ask: () => Promise<PriceList>): Promise<boolean> {
    const list = await this.#app.notices.attempt(ask);
    if (!list) return false;
    this.list = list;
    // The prices are settings.
    await this.#app.settings.refresh();
    return true;
  }
}

function valueOf(model: ModelPrice, column: PriceColumn): string | number | null {
  const values: Record<PriceColumn, string | Dollars | null> = {
    name: model.name,
    provider: model.provider,
    input: model.input_dollars_per_million,
    output: model.output_dollars_per_million,
    cache_read: model.cached_input_dollars_per_million,
    cache_write: model.cache_write_5m_dollars_per_million,
    batch: model.batch_percent,
    since: model.since,
    source: model.source.kind,
    retires: model.retires,
  };
  return values[column];
}
