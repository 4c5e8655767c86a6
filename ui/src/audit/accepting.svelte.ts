/** Before an audit: of which label, from which confidence on, and how many of them are looked at. */
import type { Audit, ImageQuery, LabelConfidences, SampleOutlook } from "../ipc/bindings";
import { typedCount } from "../kit/typedCount";
import type { App } from "../state/app.svelte";
import { keep, recall } from "../state/kept";
import { countAbove, countAll, MOST_HUNDREDTHS } from "./threshold";

/** Looks at enough for a limit of 5 %, if all of them are right. */
const SAMPLE = 60;
const ERROR_LIMIT = 0.05;
const MOST_SAMPLE = 2000;
const THRESHOLD = 80;

export class Accepting {
  isOpen = $state(false);
  query = $state.raw<ImageQuery>({ collection: null, conditions: [], order: "added" });
  /** The most frequent first; null until the core has answered. */
  labels = $state.raw<readonly LabelConfidences[] | null>(null);
  /** The newest first. */
  audits = $state.raw<readonly Audit[]>([]);
  /** In hundredths. */
  threshold = $state(THRESHOLD);
  sampleText = $state(String(SAMPLE));
  /** The largest share of wrong annotations that the person wants to accept. It is kept on this machine. */
  errorLimit = $state(recall("error_limit", isErrorLimit) ?? ERROR_LIMIT);
  isBeginning = $state(false);

  readonly #app: App;
  #label = $state<string | null>(null);

  readonly chosen = $derived(this.labels?.find(({ label }) => label === this.#label) ?? null);
  readonly all = $derived(this.chosen === null ? 0 : countAll(this.chosen));
  readonly above = $derived(this.chosen === null ? 0 : countAbove(this.chosen, this.threshold));
  readonly typedSample = $derived(typedCount(this.sampleText, 1, MOST_SAMPLE));
  /** As many as were wished for and there are; 0 when the wish will not do. */
  readonly sample = $derived(Math.min(this.above, this.typedSample.count ?? 0));
  /** What the core says of a sample of this size; null until it has answered. */
  #outlook = $state.raw<SampleOutlook | null>(null);
  /** Of all, what may be wrong when nothing in the sample is. */
  readonly cleanBound = $derived(this.sample === 0 ? null : (this.#outlook?.clean_bound ?? null));

  /** How many would have to be looked at for the limit, where the sample is smaller; null where it is not. */
  readonly neededSample = $derived.by(() => {
    if (this.#outlook === null) return null;
    const needed = Math.min(this.above, this.#outlook.clean_sample);
    return this.sample === 0 || this.sample >= needed ? null : needed;
  });

  constructor(app: App) {
    this.#app = app;
  }

  /** About the images of a question. */
  async open(query: ImageQuery): Promise<void> {
    this.query = query;
    this.isOpen = true;
    await this.#read();
  }

  /** After an audit: the same label and images, to be accepted from a higher confidence on. */
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
    this.threshold = Math.min(MOST_HUNDREDTHS, Math.max(0, Math.round(hundredths)));
  }

  setErrorLimit(share: number): void {
    this.errorLimit = share;
    keep("error_limit", share);
  }

  /** Asks what the sample can say, as large as it is now. */
  async measure(): Promise<void> {
    const { sample, errorLimit } = this;
    const outlook = await this.#app.attempt(() => this.#app.seam.sampleOutlook(sample, errorLimit));
    if (outlook && sample === this.sample && errorLimit === this.errorLimit) this.#outlook = outlook;
  }

  /** Draws the sample and shows it. */
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
    const audit = await this.#app.attempt(() => this.#app.seam.beginAudit(request));
    this.isBeginning = false;
    if (audit) this.show(audit);
  }

  show({ id }: Audit): void {
    this.close();
    this.#app.showAudit(id);
  }

  async #read(): Promise<void> {
    const { seam } = this.#app;
    const { query } = this;
    // What was counted for another question would be beside the point.
    this.labels = null;
    await this.#app.attempt(async () => {
      const [labels, audits] = await Promise.all([seam.proposalConfidences(query), seam.audits()]);
      this.labels = labels;
      this.audits = audits;
      // The most frequent label of which something would be accepted.
      if (this.chosen === null)
        this.#label = (labels.find((each) => countAbove(each, this.threshold) > 0) ?? labels[0])?.label ?? null;
    });
  }
}

function isErrorLimit(value: unknown): value is number {
  return typeof value === "number" && value > 0 && value <= 0.5;
}
