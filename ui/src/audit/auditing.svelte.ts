/**
 * An audit in progress: one annotation of the sample at a time, judged right or wrong. As in review, a decision is
 * shown at once and stored in the background, in order.
 */
import { Pace } from "../editor/pace";
import type {
  Annotation,
  Audit,
  AuditId,
  ImageCard,
  ImageId,
  RejectReason,
  SampledAnnotation,
  SampleVerdict,
} from "../api/bindings";
import type { Core } from "../api/core";

export type AuditCore = Pick<Core, "audit" | "extendAudit" | "acceptAudited" | "imageCards" | "decide" | "undoOn">;

/** The annotation being judged. */
export interface Shown {
  card: ImageCard;
  annotation: Annotation;
}

/** How long a rejection waits for a reason. */
const REASON_MILLIS = 6000;

export class Auditing {
  readonly #core: AuditCore;
  readonly #refused: (refusal: unknown) => void;
  readonly #now: () => number;

  audit = $state.raw<Audit | null>(null);
  /** Index in the sample. */
  place = $state(0);
  isWhole = $state(false);
  /** Reset for each annotation. */
  isAnnotationHidden = $state(false);
  isAccepting = $state(false);
  isExtending = $state(false);
  /** The latest rejection can still get a reason. */
  asksReason = $state(false);
  millisPerAnnotation = $state<number | null>(null);

  #cards = $state.raw<ReadonlyMap<ImageId, ImageCard>>(new Map());
  /** Indices decided since the audit was opened, latest last; these can be undone. */
  #decided = $state.raw<readonly number[]>([]);
  #pace = new Pace();
  #tail: Promise<void> = Promise.resolve();
  /** Number of decisions not stored yet. */
  #pending = $state(0);
  #reasonTimer: ReturnType<typeof setTimeout> | undefined;

  readonly sample = $derived(this.audit?.sample ?? []);
  /** Computed by the core from stored decisions. */
  readonly errorRate = $derived(this.audit?.error_rate ?? null);
  readonly judged = $derived(this.sample.filter(({ verdict }) => verdict !== null).length);
  /** Unchecked annotations that are still in the library. */
  readonly left = $derived(this.sample.filter((_, place) => this.#isOpen(place)).length);
  /** Whether the error rate is within the limit. */
  readonly isWithinLimit = $derived(this.audit?.needed_more === 0);
  /** Proposals outside the sample. */
  readonly others = $derived(this.audit === null ? 0 : this.audit.proposals - this.sample.length);
  /** How many more to check, rounded; 0 if no more were drawn. */
  readonly more = $derived.by(() => {
    const { audit, errorRate } = this;
    if (audit === null || errorRate === null) return 0;
    const wanted = audit.needed_more ?? errorRate.judged;
    return Math.min(audit.reserve, Math.ceil(Math.max(1, wanted) / 10) * 10);
  });
  /** Everything is checked and the core has computed the result. */
  readonly isDone = $derived.by(() => this.audit !== null && this.left === 0 && this.#pending === 0);
  readonly shown = $derived<Shown | null>(this.isDone ? null : this.at(this.place));
  readonly isAccepted = $derived(this.audit !== null && this.audit.accepted !== null);
  readonly canTakeBack = $derived(this.#decided.length > 0 && this.audit?.accepted === null);

  constructor(core: AuditCore, refused: (refusal: unknown) => void, now: () => number = Date.now) {
    this.#core = core;
    this.#refused = refused;
    this.#now = now;
  }

  /** Opens an audit, or continues it. */
  async open(id: AuditId): Promise<void> {
    if (this.audit?.id !== id) this.audit = null;
    this.#dismissReason();
    try {
      const audit = await this.#core.audit(id);
      await this.#readCards(audit);
      this.audit = audit;
      this.#decided = [];
      this.#goTo(Math.max(0, this.#nextOpen(0)));
      this.#pace = new Pace();
      this.#pace.begin(this.#now());
      this.millisPerAnnotation = null;
    } catch (refusal) {
      this.#refused(refusal);
    }
  }

  /** The annotation at an index of the sample; null if it is gone. */
  at(place: number): Shown | null {
    const drawn = this.sample[place];
    const card = drawn && this.#cards.get(drawn.image);
    const annotation = card?.annotations.find(({ id }) => id === drawn?.annotation);
    return card && annotation ? { card, annotation } : null;
  }

  /** The following annotation, to preload its image. */
  get next(): Shown | null {
    const place = this.#nextOpen(this.place + 1);
    return place < 0 || place === this.place ? null : this.at(place);
  }

  right(): void {
    this.#dismissReason();
    this.#judge("right", null);
  }

  wrong(): void {
    this.#dismissReason();
    if (!this.#judge("wrong", null)) return;
    this.asksReason = true;
    this.#reasonTimer = setTimeout(() => (this.asksReason = false), REASON_MILLIS);
  }

  /** Adds a reason to the latest rejection by deciding it again, as one undo step. */
  giveReason(reason: RejectReason): void {
    const place = this.#decided.at(-1);
    const drawn = place === undefined ? undefined : this.sample[place];
    if (!this.asksReason || !drawn) return;
    this.#dismissReason();
    this.#enqueue(async () => {
      await this.#core.undoOn(drawn.image);
      await this.#decide(drawn, "wrong", reason);
    });
  }

  /** Undoes the latest decision of this session and shows its annotation again. */
  takeBack(): void {
    const place = this.#decided.at(-1);
    const drawn = place === undefined ? undefined : this.sample[place];
    if (!this.canTakeBack || place === undefined || !drawn) return;
    this.#dismissReason();
    this.#decided = this.#decided.slice(0, -1);
    this.#setVerdict(place, null);
    this.#goTo(place);
    this.#enqueue(async () => void (await this.#core.undoOn(drawn.image)));
  }

  /** Extends the sample in its random order; results so far stay valid. */
  async extend(more: number): Promise<void> {
    const { audit } = this;
    if (audit === null || this.isExtending) return;
    this.isExtending = true;
    this.#dismissReason();
    try {
      await this.#tail;
      const extended = await this.#core.extendAudit(audit.id, more);
      await this.#readCards(extended);
      this.audit = extended;
      this.#goTo(Math.max(0, this.#nextOpen(0)));
      this.#pace.begin(this.#now());
    } catch (refusal) {
      this.#refused(refusal);
    } finally {
      this.isExtending = false;
    }
  }

  /** Accepts the unchecked proposals; returns how many, or null if it failed. */
  async accept(): Promise<number | null> {
    const { audit } = this;
    if (audit === null || this.isAccepting) return null;
    this.isAccepting = true;
    this.#dismissReason();
    try {
      await this.#tail;
      this.audit = await this.#core.acceptAudited(audit.id);
      return this.audit.accepted;
    } catch (refusal) {
      this.#refused(refusal);
      return null;
    } finally {
      this.isAccepting = false;
    }
  }

  /** The library changed: an acceptance may have been undone. */
  async refresh(): Promise<void> {
    const { audit } = this;
    if (audit?.accepted == null || this.isAccepting) return;
    try {
      this.audit = await this.#core.audit(audit.id);
    } catch (refusal) {
      this.#refused(refusal);
    }
  }

  /** Resolves when every decision is stored. */
  settled(): Promise<void> {
    return this.#tail;
  }

  stop(): void {
    this.#dismissReason();
  }

  async #readCards({ sample, layers }: Audit): Promise<void> {
    const images = [...new Set(sample.map(({ image }) => image))];
    const cards = await this.#core.imageCards(images, layers);
    this.#cards = new Map(cards.map((card) => [card.id, card]));
  }

  #judge(verdict: SampleVerdict, reason: RejectReason | null): boolean {
    const { place } = this;
    const drawn = this.sample[place];
    if (this.shown === null || !drawn) return false;
    this.#setVerdict(place, verdict);
    this.#decided = [...this.#decided, place];
    this.#pace.decided(this.#now());
    this.millisPerAnnotation = this.#pace.millisPerImage;
    this.#goTo(Math.max(0, this.#nextOpen(place + 1)));
    this.#enqueue(() => this.#decide(drawn, verdict, reason));
    return true;
  }

  #goTo(place: number): void {
    this.place = place;
    this.isAnnotationHidden = false;
  }

  async #decide(drawn: SampledAnnotation, answer: SampleVerdict, reason: RejectReason | null) {
    const verdict = answer === "right" ? ({ kind: "accept" } as const) : ({ kind: "reject", reason } as const);
    const decision = { image: drawn.image, scope: { kind: "annotation", id: drawn.annotation }, verdict } as const;
    await this.#core.decide(decision, this.audit?.layers);
  }

  #setVerdict(place: number, verdict: SampleVerdict | null): void {
    if (this.audit === null) return;
    const sample = this.audit.sample.map((drawn, each) => (each === place ? { ...drawn, verdict } : drawn));
    this.audit = { ...this.audit, sample };
  }

  #isOpen(place: number): boolean {
    return this.sample[place]?.verdict === null && this.at(place) !== null;
  }

  /** The next unchecked index, wrapping around; -1 if none. */
  #nextOpen(from: number): number {
    const count = this.sample.length;
    for (let step = 0; step < count; step += 1) if (this.#isOpen((from + step) % count)) return (from + step) % count;
    return -1;
  }

  /** Reloads after the last pending decision. After a failure the core's state wins. */
  #enqueue(step: () => Promise<void>): void {
    this.#pending += 1;
    this.#tail = this.#tail
      .then(step)
      .then(() => this.#readAudit())
      .catch(async (refusal: unknown) => {
        this.#refused(refusal);
        if (this.audit !== null) await this.open(this.audit.id);
      })
      .finally(() => (this.#pending -= 1));
  }

  async #readAudit(): Promise<void> {
    const shown = this.audit;
    if (shown === null || this.#pending > 1) return;
    const audit = await this.#core.audit(shown.id);
    if (this.audit?.id === audit.id && this.#pending === 1) this.audit = audit;
  }

  #dismissReason(): void {
    clearTimeout(this.#reasonTimer);
    this.asksReason = false;
  }
}
