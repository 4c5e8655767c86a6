/** Additional endpoints: servers beside the one of a connection that requests are spread over. */
import type { EndpointConnection, EndpointSettings } from "../api/bindings";
import { MIN_AT_ONCE, MAX_AT_ONCE, typedCount } from "../components/typedCount";
import type { App } from "../state/app.svelte";
import { LIMIT_NAMES, type LimitName, MAX_A_MINUTE } from "./limits";

export const MIN_PERCENT = 1;
/** Ten times the list price. */
export const MAX_PERCENT = 1000;

export type EndpointField = "name" | "base_url" | "price_percent" | "concurrency" | LimitName;

/** An endpoint as it is typed. */
export class EndpointDraft {
  /** Its place in the list; null for a new one. */
  readonly place: number | null;
  name = $state("");
  baseUrl = $state("");
  modelPrefix = $state("");
  pricePercent = $state("100");
  concurrency = $state("");
  limits = $state<Record<LimitName, string>>({ requests: "", input_tokens: "", output_tokens: "" });

  readonly #takenNames: readonly string[];
  /** Set in the file of settings alone. */
  readonly #keyVariable: string | null;

  constructor(place: number | null, set: EndpointSettings | null, takenNames: readonly string[]) {
    this.place = place;
    this.#takenNames = takenNames;
    this.#keyVariable = set?.key_env ?? null;
    if (set === null) return;
    this.name = set.name;
    this.baseUrl = set.base_url;
    this.modelPrefix = set.model_prefix ?? "";
    this.pricePercent = String(set.price_percent ?? 100);
    this.concurrency = textOf(set.concurrency);
    for (const name of LIMIT_NAMES) this.limits[name] = textOf(set.limits?.[name]);
  }

  /** Fields that will not do. */
  get wrong(): ReadonlySet<EndpointField> {
    const wrong = new Set<EndpointField>();
    const name = this.name.trim();
    if (name === "" || this.#takenNames.includes(name)) wrong.add("name");
    if (!isAddress(this.baseUrl.trim())) wrong.add("base_url");
    const percent = typedCount(this.pricePercent, MIN_PERCENT, MAX_PERCENT);
    if (percent.count === null) wrong.add("price_percent");
    if (typedCount(this.concurrency, MIN_AT_ONCE, MAX_AT_ONCE).isWrong) wrong.add("concurrency");
    for (const limit of LIMIT_NAMES) if (typedCount(this.limits[limit], 1, MAX_A_MINUTE).isWrong) wrong.add(limit);
    return wrong;
  }

  /** What is typed; only for one in which nothing is wrong. */
  get set(): EndpointSettings {
    const limit = (name: LimitName) => typedCount(this.limits[name], 1, MAX_A_MINUTE).count;
    return {
      name: this.name.trim(),
      base_url: this.baseUrl.trim(),
      model_prefix: this.modelPrefix.trim(),
      price_percent: typedCount(this.pricePercent, MIN_PERCENT, MAX_PERCENT).count ?? 100,
      concurrency: typedCount(this.concurrency, MIN_AT_ONCE, MAX_AT_ONCE).count,
      limits: {
        requests: limit("requests"),
        input_tokens: limit("input_tokens"),
        output_tokens: limit("output_tokens"),
      },
      key_env: this.#keyVariable,
    };
  }
}

/** An endpoint as it is set up, and as it stands. */
export interface ListedEndpoint {
  set: EndpointSettings;
  /** Null until the core has answered. */
  standing: EndpointConnection | null;
  /** Whether sending images there still needs consent. */
  awaitsAgreement: boolean;
}

export class Endpoints {
  readonly #app: App;
  /** The id of the provider. */
  readonly #provider: string;

  draft = $state.raw<EndpointDraft | null>(null);
  /** Whether wrong fields are marked: only after the first attempt to save. */
  hasTried = $state(false);
  /** The host for which consent is being asked, if any. */
  askedHost = $state<string | null>(null);

  readonly listed = $derived.by<ListedEndpoint[]>(() => this.#listed());

  constructor(app: App, provider: string) {
    this.#app = app;
    this.#provider = provider;
  }

  add(): void {
    this.#open(new EndpointDraft(null, null, this.#names(null)));
  }

  edit(place: number): void {
    const set = this.#endpoints[place];
    if (set) this.#open(new EndpointDraft(place, set, this.#names(place)));
  }

  close(): void {
    this.draft = null;
  }

  /** Saves the fields, and asks for consent to send images there if it is missing. */
  async save(): Promise<boolean> {
    const { draft } = this;
    this.hasTried = true;
    if (draft === null || draft.wrong.size > 0) return false;
    const place = draft.place ?? this.#endpoints.length;
    const endpoints = [...this.#endpoints];
    endpoints[place] = draft.set;
    if (!(await this.#app.connections.save(this.#provider, { endpoints }))) return false;
    this.close();
    const saved = this.listed[place];
    if (saved?.awaitsAgreement) this.askedHost = saved.standing?.host ?? null;
    return true;
  }

  /** Its key is forgotten with it, unless another endpoint leads to the same server. */
  async remove(place: number): Promise<void> {
    const gone = this.listed[place];
    if (!gone) return;
    const endpoints = this.#endpoints.filter((_, each) => each !== place);
    const { standing } = gone;
    const isShared =
      this.#app.connections.to(this.#provider)?.host === standing?.host ||
      this.listed.some((other, each) => each !== place && other.standing?.host === standing?.host);
    if (!(await this.#app.connections.save(this.#provider, { endpoints }))) return;
    const hasOwnKey = standing?.key === "keychain" || standing?.key === "session";
    if (!hasOwnKey || isShared) return;
    const overview = await this.#app.notices.attempt(() => this.#app.core.forgetKey(this.#provider, gone.set.base_url));
    if (overview) this.#app.connections.overview = overview;
  }

  ask(host: string): void {
    this.askedHost = host;
  }

  decline(): void {
    this.askedHost = null;
  }

  async agree(): Promise<void> {
    const host = this.askedHost;
    this.askedHost = null;
    if (host === null) return;
    await this.#app.settings.save({ agreed_hosts: [...(this.#app.settings.current.agreed_hosts ?? []), host] });
  }

  #open(draft: EndpointDraft): void {
    this.hasTried = false;
    this.draft = draft;
  }

  get #endpoints(): readonly EndpointSettings[] {
    return this.#app.connections.settingsOf(this.#provider).endpoints ?? [];
  }

  #names(but: number | null): string[] {
    return this.#endpoints.filter((_, place) => place !== but).map(({ name }) => name);
  }

  #listed(): ListedEndpoint[] {
    const agreed = this.#app.settings.current.agreed_hosts ?? [];
    return this.#endpoints.map((set, place) => {
      const told = this.#app.connections.to(this.#provider)?.endpoints[place] ?? null;
      // What was told before the latest change may be about another one.
      const standing = told?.name === set.name ? told : null;
      const awaitsAgreement = standing !== null && standing.host !== "" && !agreed.includes(standing.host);
      return { set, standing, awaitsAgreement };
    });
  }
}

/** The core is stricter, and says so when it is asked to save. */
function isAddress(typed: string): boolean {
  return URL.canParse(typed) && /^https?:$/u.test(new URL(typed).protocol);
}

function textOf(number: number | null | undefined): string {
  return number === null || number === undefined ? "" : String(number);
}
