/**
 * An audit under way: one annotation of the sample after the other, each decided as right or wrong.
 *
 * As in review a decision shows at once and is stored behind the person's back, one after the other.
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
} from "../ipc/bindings";
import type { Seam } from "../ipc/seam";

export type AuditSeam = Pick<Seam, "audit" | "extendAudit" | "acceptAudited" | "imageCards" | "decide" | "undoOn">;

/** An annotation in front of the person. */
export interface Shown {
  card: ImageCard;
  annotation: Annotation;
}

/** How long a rejection waits for its reason. */
const REASON_MILLIS = 6000;

export class Auditing {
  readonly #seam: AuditSeam;
  readonly #refused: (refusal: unknown) => void;
  readonly #now: () => number;

  audit = $state.raw<Audit | null>(null);
  /** In the sample. */
  place = $state(0);
  isWhole = $state(false);
  /** For as long as this annotation is looked at. */
  isAnnotationHidden = $state(false);
  isAccepting = $state(false);
  isExtending = $state(false);
  /** The latest rejection can still be given a reason. */
  asksReason = $state(false);
  millisPerAnnotation = $state<number | null>(null);

  #cards = $state.raw<ReadonlyMap<ImageId, ImageCard>>(new Map());
  /** Places that were decided since the audit was opened, the latest last: those can be taken back. */
  #decided = $state.raw<readonly number[]>([]);
  #pace = new Pace();
  #tail: Promise<void> = Promise.resolve();
  /** Decisions that are not stored yet. */
  #pending = $state(0);
  #reasonTimer: ReturnType<typeof setTimeout> | undefined;

  readonly sample = $derived(this.audit?.sample ?? []);
  /** What the core says of those that are stored. */
  readonly errorRate = $derived(this.audit?.error_rate ?? null);
  readonly judged = $derived(this.sample.filter(({ verdict }) => verdict !== null).length);
  /** What is left to look at. Annotations that are gone from the library are not. */
  readonly left = $derived(this.sample.filter((_, place) => this.#isOpen(place)).length);
  /** Whether no more may be wrong than the person wants to accept. */
  readonly isWithinLimit = $derived(this.audit?.needed_more === 0);
  /** Proposals that nobody looks at. */
  readonly others = $derived(this.audit === null ? 0 : this.audit.proposals - this.sample.length);
  /** How many more to look at, in round numbers; 0 when no more were drawn. */
  readonly more = $derived.by(() => {
    const { audit, errorRate } = this;
    if (audit === null || errorRate === null) return 0;
    const wanted = audit.needed_more ?? errorRate.judged;
    return Math.min(audit.reserve, Math.ceil(Math.max(1, wanted) / 10) * 10);
  });
  /** Everything was looked at, and the core has said what that means. */
  readonly isDone = $derived.by(() => this.audit !== null && this.left === 0 && this.#pending === 0);
  readonly shown = $derived<Shown | null>(this.isDone ? null : this.at(this.place));
  readonly isAccepted = $derived(this.audit !== null && this.audit.accepted !== null);
  readonly canTakeBack = $derived(this.#decided.length > 0 && this.audit?.accepted === null);

  constructor(seam: AuditSeam, refused: (refusal: unknown) => void, now: () => number = Date.now) {
    this.#seam = seam;
    this.#refused = refused;
    this.#now = now;
  }

  /** Begins, or goes on where it was left. */
  async open(id: AuditId): Promise<void> {
    if (this.audit?.id !== id) this.audit = null;
    this.#dismissReason();
    try {
      const audit = await this.#seam.audit(id);
      await this.#readCards(audit);
      this.audit = audit;
      this.#decided = [];
      this.#lookAt(Math.max(0, this.#nextOpen(0)));
      this.#pace = new Pace();
      this.#pace.begin(this.#now());
      this.millisPerAnnotation = null;
    } catch (refusal) {
      this.#refused(refusal);
    }
  }

  /** The annotation at a place of the sample; null when it is gone. */
  at(place: number): Shown | null {
    const drawn = this.sample[place];
    const card = drawn && this.#cards.get(drawn.image);
    const annotation = card?.annotations.find(({ id }) => id === drawn?.annotation);
    return card && annotation ? { card, annotation } : null;
  }

  /** The annotation that comes after the one that is shown, so that its picture is there in time. */
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

  /** Says why the latest rejection was one: it is decided again, with the reason, as one step for undo. */
  giveReason(reason: RejectReason): void {
    const place = this.#decided.at(-1);
    const drawn = place === undefined ? undefined : this.sample[place];
    if (!this.asksReason || !drawn) return;
    this.#dismissReason();
    this.#enqueue(async () => {
      await this.#seam.undoOn(drawn.image);
      await this.#decide(drawn, "wrong", reason);
    });
  }

  /** Takes the latest decision of this session back and shows its annotation again. */
  takeBack(): void {
    const place = this.#decided.at(-1);
    const drawn = place === undefined ? undefined : this.sample[place];
    if (!this.canTakeBack || place === undefined || !drawn) return;
    this.#dismissReason();
    this.#decided = this.#decided.slice(0, -1);
    this.#say(place, null);
    this.#lookAt(place);
    this.#enqueue(async () => void (await this.#seam.undoOn(drawn.image)));
  }

  /** Looks at so many more of the same random order. What was found so far stays found. */
  async extend(more: number): Promise<void> {
    const { audit } = this;
    if (audit === null || this.isExtending) return;
    this.isExtending = true;
    this.#dismissReason();
    try {
      await this.#tail;
      const extended = await this.#seam.extendAudit(audit.id, more);
      await this.#readCards(extended);
      this.audit = extended;
      this.#lookAt(Math.max(0, this.#nextOpen(0)));
      this.#pace.begin(this.#now());
    } catch (refusal) {
      this.#refused(refusal);
    } finally {
      this.isExtending = false;
    }
  }

  /** Accepts what was not looked at; how many that were, or null when the core refused. */
  async accept(): Promise<number | null> {
    const { audit } = this;
    if (audit === null || this.isAccepting) return null;
    this.isAccepting = true;
    this.#dismissReason();
    try {
      await this.#tail;
      this.audit = await this.#seam.acceptAudited(audit.id);
      return this.audit.accepted;
    } catch (refusal) {
      this.#refused(refusal);
      return null;
    } finally {
      this.isAccepting = false;
    }
  }

  /** The library has changed: an acceptance may have been taken back. */
  async refresh(): Promise<void> {
    const { audit } = this;
    if (audit?.accepted == null || this.isAccepting) return;
    try {
      this.audit = await this.#seam.audit(audit.id);
    } catch (refusal) {
      this.#refused(refusal);
    }
  }

  /** When every decision so far is stored. */
  settled(): Promise<void> {
    return this.#tail;
  }

  rest(): void {
    this.#dismissReason();
  }

  async #readCards({ sample, layers }: Audit): Promise<void> {
    const images = [...new Set(sample.map(({ image }) => image))];
    const cards = await this.#seam.imageCards(images, layers);
    this.#cards = new Map(cards.map((card) => [card.id, card]));
  }

  #judge(verdict: SampleVerdict, reason: RejectReason | null): boolean {
    const { place } = this;
    const drawn = this.sample[place];
    if (this.shown === null || !drawn) return false;
    this.#say(place, verdict);
    this.#decided = [...this.#decided, place];
    this.#pace.decided(this.#now());
    this.millisPerAnnotation = this.#pace.millisPerImage;
    this.#lookAt(Math.max(0, this.#nextOpen(place + 1)));
    this.#enqueue(() => this.#decide(drawn, verdict, reason));
    return true;
  }

  #lookAt(place: number): void {
    this.place = place;
    this.isAnnotationHidden = false;
  }

  async #decide(drawn: SampledAnnotation, said: SampleVerdict, reason: RejectReason | null) {
    const verdict = said === "right" ? ({ kind: "accept" } as const) : ({ kind: "reject", reason } as const);
    const decision = { image: drawn.image, scope: { kind: "annotation", id: drawn.annotation }, verdict } as const;
    await this.#seam.decide(decision, this.audit?.layers);
  }

  #say(place: number, verdict: SampleVerdict | null): void {
    if (this.audit === null) return;
    const sample = this.audit.sample.map((drawn, each) => (each === place ? { ...drawn, verdict } : drawn));
    this.audit = { ...this.audit, sample };
  }

  #isOpen(place: number): boolean {
    return this.sample[place]?.verdict === null && this.at(place) !== null;
  }

  /** From a place on and around; -1 when nothing is left. */
  #nextOpen(from: number): number {
    const count = this.sample.length;
    for (let step = 0; step < count; step += 1) if (this.#isOpen((from + step) % count)) return (from + step) % count;
    return -1;
  }

  /** What is stored is read again after the last decision. After a refusal the core knows best what was decided. */
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
    const audit = await this.#seam.audit(shown.id);
    if (this.audit?.id === audit.id && this.#pending === 1) this.audit = audit;
  }

  #dismissReason(): void {
    clearTimeout(this.#reasonTimer);
    this.asksReason = false;
  }
}
