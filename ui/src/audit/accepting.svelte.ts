/** Before an audit: the label, the threshold and the sample size. */
import type { Audit, ImageQuery, LabelConfidences, SampleOutlook } from "../api/bindings";
import { typedCount } from "../components/typedCount";
import type { App } from "../state/app.svelte";
import { keep, recall } from "../state/kept";
import { countAbove, countAll, MAX_HUNDREDTHS } from "./threshold";

/** Enough for a limit of 5 % if all are right. */
const SAMPLE = 60;
const ERROR_LIMIT = 0.05;
const MAX_SAMPLE = 2000;
const THRESHOLD = 80;

export class Accepting {
  isOpen = $state(false);
  query = $state.raw<ImageQuery>({ collection: null, conditions: [], order: "added" });
  /** Most frequent first; null until the core has answered. */
  labels = $state.raw<readonly LabelConfidences[] | null>(null);
  /** Newest first. */
  audits = $state.raw<readonly Audit[]>([]);
  /** In hundredths. */
  threshold = $state(THRESHOLD);
  sampleText = $state(String(SAMPLE));
  /** The largest acceptable share of wrong annotations, remembered on this machine. */
  errorLimit = $state(recall("error_limit", isErrorLimit) ?? ERROR_LIMIT);
  isBeginning = $state(false);

  readonly #app: App;
  #label = $state<string | null>(null);

  readonly chosen = $derived(this.labels?.find(({ label }) => label === this.#label) ?? null);
  readonly all = $derived(this.chosen === null ? 0 : countAll(this.chosen));
  readonly above = $derived(this.chosen === null ? 0 : countAbove(this.chosen, this.threshold));
  readonly typedSample = $derived(typedCount(this.sampleText, 1, MAX_SAMPLE));
  /** The requested size, limited to what exists; 0 if invalid. */
  readonly sample = $derived(Math.min(this.above, this.typedSample.count ?? 0));
  /** What the core says about a sample of this size; null until it has answered. */
  #outlook = $state.raw<SampleOutlook | null>(null);
  /** Upper bound of the error rate if the whole sample is right. */
  readonly cleanBound = $derived(this.sample === 0 ? null : (this.#outlook?.clean_bound ?? null));

  /** The sample size that the limit needs, if the sample is smaller; otherwise null. */
  readonly neededSample = $derived.by(() => {
    if (this.#outlook === null) return null;
    const needed = Math.min(this.above, this.#outlook.clean_sample);
    return this.sample === 0 || this.sample >= needed ? null : needed;
  });

  constructor(app: App) {
    this.#app = app;
  }

  /** Opens it for the images of a query. */
  async open(query: ImageQuery): Promise<void> {
    this.query = query;
    this.isOpen = true;
    await this.#read();
  }

  /** After an audit: opens the same label and images with a higher threshold. */
  async openHigher({ label, threshold }: Audit): Promise<void> {
    this.#label = label;
    this.setThreshold(Math.round(threshold * 100) + 5);
    this.isOpen = true;
    await this.#read();
  }

  close(): void {
    this.isOpen = false;
  }

  choose(label: string): void {
    this.#label = label;
  }

  setThreshold(hundredths: number): void {
    this.threshold = Math.min(MAX_HUNDREDTHS, Math.max(0, Math.round(hundredths)));
  }

  setErrorLimit(share: number): void {
    this.errorLimit = share;
    keep("error_limit", share);
  }

  /** Asks what a sample of the current size can show. */
  async measure(): Promise<void> {
    const { sample, errorLimit } = this;
    const outlook = await this.#app.notices.attempt(() => this.#app.core.sampleOutlook(sample, errorLimit));
    if (outlook && sample === this.sample && errorLimit === this.errorLimit) this.#outlook = outlook;
  }

  /** Draws the sample and opens it. */
  async begin(): Promise<void> {
    const { chosen, sample, query } = this;
    if (chosen === null || sample === 0 || this.isBeginning) return;
    this.isBeginning = true;
    const request = {
      query,
      label: chosen.label,
      threshold: this.threshold / 100,
      sample,
      error_limit: this.errorLimit,
    };
    const audit = await this.#app.notices.attempt(() => this.#app.core.beginAudit(request));
    this.isBeginning = false;
    if (audit) this.show(audit);
  }

  show({ id }: Audit): void {
    this.close();
    this.#app.navigation.showAudit(id);
  }

  async #read(): Promise<void> {
    const { core } = this.#app;
    const { query } = this;
    // Counts of another query do not apply.
    this.labels = null;
    await this.#app.notices.attempt(async () => {
      const [labels, audits] = await Promise.all([core.proposalConfidences(query), core.audits()]);
      this.labels = labels;
      this.audits = audits;
      // The most frequent label with proposals above the threshold.
      if (this.chosen === null)
        this.#label = (labels.find((each) => countAbove(each, this.threshold) > 0) ?? labels[0])?.label ?? null;
    });
  }
}

function isErrorLimit(value: unknown): value is number {
  return typeof value === "number" && value > 0 && value <= 0.5;
}
