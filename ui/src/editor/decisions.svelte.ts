/**
 * Decisions about the annotations of the current image. A decision is shown at once, stored in the background, and
 * replaced by the core's answer.
 */
import type { Annotation, ImageCard, ImageId, AnnotationChange, RejectReason, Step, Verdict } from "../api/bindings";
import type { Core } from "../api/core";
import { ReasonPrompt, type Rejected } from "./reasonPrompt.svelte";
import { withDecision } from "./changes";
import type { StepAnnotations } from "./stepAnnotations";
import type { Outbox } from "./outbox";
import { Pace } from "./pace";
import type { Review } from "./review.svelte";
import { acceptingOf, type PendingDecision } from "./verdict";

type DecisionsCore = Pick<Core, "decide" | "editAnnotations" | "undoOn">;

export interface DecisionsCallbacks {
  now: () => number;
  /** The stored state of an image arrived. */
  arrived: (card: ImageCard) => void;
  nothingToReject: () => void;
  refused: (image: ImageId, refusal: unknown, before?: ImageCard) => Promise<void>;
}

export class Decisions {
  readonly #core: DecisionsCore;
  readonly #review: Review;
  readonly #outbox: Outbox;
  readonly #stepAnnotations: StepAnnotations;
  readonly #callbacks: DecisionsCallbacks;
  readonly #reasonPrompt = new ReasonPrompt();
  readonly #pace = new Pace();

  millisPerImage = $state<number | null>(null);
  readonly leftMillis = $derived.by(() =>
    this.millisPerImage === null || this.#review.unreviewedCount === null
      ? null
      : this.millisPerImage * this.#review.unreviewedCount,
  );

  constructor(
    core: DecisionsCore,
    review: Review,
    outbox: Outbox,
    stepAnnotations: StepAnnotations,
    callbacks: DecisionsCallbacks,
  ) {
    this.#core = core;
    this.#review = review;
    this.#outbox = outbox;
    this.#stepAnnotations = stepAnnotations;
    this.#callbacks = callbacks;
  }

  /** The latest rejection, while it can get a reason and while that reason is shown. */
  get rejected(): Rejected | null {
    return this.#reasonPrompt.rejected;
  }

  begin(): void {
    this.#pace.begin(this.#callbacks.now());
  }

  /** Stops asking for a reason. */
  hideReasonPrompt(): void {
    this.#reasonPrompt.end();
  }

  accept(): void {
    this.#decideOn({ kind: "accept" }, this.#review.selectedAnnotations);
  }

  reject(): void {
    this.#decideOn({ kind: "reject", reason: null }, this.#review.selectedAnnotations);
  }

  decideAnnotation(annotation: Annotation, verdict: Verdict): void {
    this.#decideOn(verdict, [annotation]);
  }

  /** Adds a reason to the latest rejection by deciding it again. */
  giveReason(reason: RejectReason): void {
    const rejected = this.#reasonPrompt.answer(reason);
    if (rejected === null) return;
    const { image, scope } = rejected.decision;
    this.#review.cards.decided();
    this.#outbox.put(image, async () => {
      if (!(await rejected.stored)) return;
      // Undo and decide again, so that it stays one undo step.
      try {
        await this.#core.undoOn(image);
        await this.#store({ image, scope, verdict: { kind: "reject", reason } });
      } catch (refusal) {
        await this.#callbacks.refused(image, refusal);
      }
    });
  }

  #decideOn(verdict: Verdict, annotations: readonly Annotation[]): void {
    const { card, isAtEnd } = this.#review;
    if (card === null || isAtEnd) return;
    if (verdict.kind === "accept") this.#accept(card, annotations);
    else this.#reject(card, verdict, annotations);
  }

  /** Accepts these annotations, or all proposals of the image if none are given. */
  #accept(card: ImageCard, selected: readonly Annotation[]): void {
    const waiting = this.#review.proposals.length;
    const accepting = acceptingOf(card, selected);
    this.#reasonPrompt.end();
    const verdict = { kind: "accept" } as const;
    switch (accepting.kind) {
      case "annotations":
        void this.#decide(card, { image: card.id, scope: scopeOf(accepting.annotations), verdict });
        this.#moveOn(selected, waiting > 0);
        break;
      case "image":
      case "confirm":
        void this.#decide(card, { image: card.id, scope: { kind: "image" }, verdict });
        this.#review.next();
        break;
      case "next_annotation":
        this.#moveOn(selected, true);
        break;
      case "next_image":
        this.#review.next();
    }
  }

  /** Rejects these annotations, or all proposals of the image if none are given. */
  #reject(card: ImageCard, verdict: Verdict, selected: readonly Annotation[]): void {
    const waiting = this.#review.proposals.length;
    if (selected.length === 0 && waiting === 0) {
      this.#callbacks.nothingToReject();
      return;
    }
    this.#reasonPrompt.end();
    const open = selected.filter(({ status }) => status !== "rejected");
    const areRejected = selected.length > 0 && open.length === 0;
    if (!areRejected) {
      const scope = selected.length === 0 ? ({ kind: "image" } as const) : scopeOf(open);
      const decision: PendingDecision = { image: card.id, scope, verdict };
      const stored = this.#decide(card, decision);
      this.#reasonPrompt.begin({
        decision,
        name: card.name,
        annotations: open.length || waiting,
        reason: null,
        stored,
      });
    }
    this.#moveOn(selected, waiting > 0 || areRejected);
  }

  /** Goes to the next proposal if annotations are decided one by one, otherwise to the next image. */
  #moveOn(decided: readonly Annotation[], mayLeave: boolean): void {
    const { proposals, annotations, selection } = this.#review;
    const isAboutSelected = decided.length === selection.ids.size && decided.every(({ id }) => selection.has(id));
    if (decided.length === 0 || (proposals.length === 0 && mayLeave)) {
      this.#review.next();
    } else if (isAboutSelected && proposals.length > 0) {
      const place = annotations.findIndex(({ id }) => id === decided.at(-1)?.id);
      const after = [...annotations.slice(place + 1), ...annotations.slice(0, place + 1)];
      this.#review.select(after.find(({ status }) => status === "proposed")?.id ?? null);
    }
  }

  #decide(card: ImageCard, decision: PendingDecision): Promise<boolean> {
    const { cards } = this.#review;
    cards.decided();
    const shown = withDecision(card, decision);
    if (card.review === "unreviewed" && shown.review !== "unreviewed") {
      this.#pace.decided(this.#callbacks.now());
      this.millisPerImage = this.#pace.millisPerImage;
    }
    cards.put(shown);
    return new Promise((stored) => {
      this.#outbox.put(card.id, async () => {
        try {
          await this.#store(decision);
          stored(true);
        } catch (refusal) {
          stored(false);
          await this.#callbacks.refused(card.id, refusal, card);
        }
      });
    });
  }

  async #store(decision: PendingDecision): Promise<void> {
    const { image, verdict } = decision;
    const scope = this.#named(decision.scope);
    const step = await this.#send(image, scope, verdict);
    this.#stepAnnotations.record(
      step.id,
      scope.kind === "image" ? [] : scope.kind === "annotation" ? [scope.id] : scope.ids,
    );
    // Skip this answer if a later change of the same image is pending.
    if (this.#outbox.isLast(image)) this.#callbacks.arrived(step.image);
  }

  #send(image: ImageId, scope: PendingDecision["scope"], verdict: Verdict): Promise<Step> {
    if (scope.kind !== "annotations") return this.#core.decide({ image, scope, verdict });
    const changes = scope.ids.map((id): AnnotationChange => ({ kind: "decide", id, verdict }));
    return this.#core.editAnnotations({ image, changes });
  }

  /** Replaces temporary ids with the core's. */
  #named(scope: PendingDecision["scope"]): PendingDecision["scope"] {
    const { edits } = this.#review;
    if (scope.kind === "image") return scope;
    return scope.kind === "annotation"
      ? { ...scope, id: edits.idOf(scope.id) }
      : { ...scope, ids: scope.ids.map((id) => edits.idOf(id)) };
  }
}

function scopeOf(annotations: readonly Annotation[]): PendingDecision["scope"] {
  const [one, another] = annotations;
  if (one && !another) return { kind: "annotation", id: one.id };
  return { kind: "annotations", ids: annotations.map(({ id }) => id) };
}
