/**
 * Decisions about the annotations of the image that review shows. A decision shows at once and goes on to what waits next;
 * it is stored behind the person's back, and the stored answer wins over what was shown.
 */
import type { Annotation, ImageCard, ImageId, AnnotationChange, RejectReason, Step, Verdict } from "../ipc/bindings";
import type { Seam } from "../ipc/seam";
import { Asking, type Rejected } from "./asking.svelte";
import { withDecision } from "./changes";
import type { Footprints } from "./footprints";
import type { Outbox } from "./outbox";
import { Pace } from "./pace";
import type { Review } from "./review.svelte";
import { acceptingOf, type Said } from "./verdict";

type DecisionsSeam = Pick<Seam, "decide" | "editAnnotations" | "undoOn">;

export interface DecisionsOffice {
  now: () => number;
  /** This is how it is stored. */
  arrived: (card: ImageCard) => void;
  nothingToReject: () => void;
  refused: (image: ImageId, refusal: unknown, before?: ImageCard) => Promise<void>;
}

export class Decisions {
  readonly #seam: DecisionsSeam;
  readonly #review: Review;
  readonly #outbox: Outbox;
  readonly #footprints: Footprints;
  readonly #office: DecisionsOffice;
  readonly #asking = new Asking();
  readonly #pace = new Pace();

  millisPerImage = $state<number | null>(null);
  readonly leftMillis = $derived.by(() =>
    this.millisPerImage === null || this.#review.unreviewedCount === null
      ? null
      : this.millisPerImage * this.#review.unreviewedCount,
  );

  constructor(seam: DecisionsSeam, review: Review, outbox: Outbox, footprints: Footprints, office: DecisionsOffice) {
    this.#seam = seam;
    this.#review = review;
    this.#outbox = outbox;
    this.#footprints = footprints;
    this.#office = office;
  }

  /** The latest rejection, while it can be given a reason and a little longer. */
  get rejected(): Rejected | null {
    return this.#asking.rejected;
  }

  /** Somebody begins to look. */
  begin(): void {
    this.#pace.begin(this.#office.now());
  }

  /** Nobody is asked for a reason any more. */
  endAsking(): void {
    this.#asking.end();
  }

  accept(): void {
    this.#say({ kind: "accept" }, this.#review.selectedAnnotations);
  }

  reject(): void {
    this.#say({ kind: "reject", reason: null }, this.#review.selectedAnnotations);
  }

  decideAnnotation(annotation: Annotation, verdict: Verdict): void {
    this.#say(verdict, [annotation]);
  }

  /** Says why the latest rejection was one: it is decided again, with the reason. */
  giveReason(reason: RejectReason): void {
    const rejected = this.#asking.answer(reason);
    if (rejected === null) return;
    const { image, scope } = rejected.said;
    this.#review.cards.decided();
    this.#outbox.put(image, async () => {
      if (!(await rejected.stored)) return;
      // Undone and made again, so that it stays one step for undo.
      try {
        await this.#seam.undoOn(image);
        await this.#store({ image, scope, verdict: { kind: "reject", reason } });
      } catch (refusal) {
        await this.#office.refused(image, refusal);
      }
    });
  }

  #say(verdict: Verdict, annotations: readonly Annotation[]): void {
    const { card, isAtEnd } = this.#review;
    if (card === null || isAtEnd) return;
    if (verdict.kind === "accept") this.#accept(card, annotations);
    else this.#reject(card, verdict, annotations);
  }

  /** Accepts these annotations, or without any all proposals of the image. */
  #accept(card: ImageCard, selected: readonly Annotation[]): void {
    const waiting = this.#review.proposals.length;
    const accepting = acceptingOf(card, selected);
    this.#asking.end();
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

  /** Rejects these annotations, or without any all proposals of the image. */
  #reject(card: ImageCard, verdict: Verdict, selected: readonly Annotation[]): void {
    const waiting = this.#review.proposals.length;
    if (selected.length === 0 && waiting === 0) {
      this.#office.nothingToReject();
      return;
    }
    this.#asking.end();
    const open = selected.filter(({ status }) => status !== "rejected");
    const areRejected = selected.length > 0 && open.length === 0;
    if (!areRejected) {
      const scope = selected.length === 0 ? ({ kind: "image" } as const) : scopeOf(open);
      const said: Said = { image: card.id, scope, verdict };
      const stored = this.#decide(card, said);
      this.#asking.begin({ said, name: card.name, annotations: open.length || waiting, reason: null, stored });
    }
    this.#moveOn(selected, waiting > 0 || areRejected);
  }

  /** After a decision: the next proposal when annotations are decided one by one, otherwise the next image. */
  #moveOn(said: readonly Annotation[], mayLeave: boolean): void {
    const { proposals, annotations, selection } = this.#review;
    const isAboutSelected = said.length === selection.ids.size && said.every(({ id }) => selection.has(id));
    if (said.length === 0 || (proposals.length === 0 && mayLeave)) {
      this.#review.next();
    } else if (isAboutSelected && proposals.length > 0) {
      const place = annotations.findIndex(({ id }) => id === said.at(-1)?.id);
      const after = [...annotations.slice(place + 1), ...annotations.slice(0, place + 1)];
      this.#review.select(after.find(({ status }) => status === "proposed")?.id ?? null);
    }
  }

  #decide(card: ImageCard, said: Said): Promise<boolean> {
    const { cards } = this.#review;
    cards.decided();
    const shown = withDecision(card, said);
    if (card.review === "unreviewed" && shown.review !== "unreviewed") {
      this.#pace.decided(this.#office.now());
      this.millisPerImage = this.#pace.millisPerImage;
    }
    cards.put(shown);
    return new Promise((stored) => {
      this.#outbox.put(card.id, async () => {
        try {
          await this.#store(said);
          stored(true);
        } catch (refusal) {
          stored(false);
          await this.#office.refused(card.id, refusal, card);
        }
      });
    });
  }

  async #store(said: Said): Promise<void> {
    const { image, verdict } = said;
    const scope = this.#named(said.scope);
    const step = await this.#send(image, scope, verdict);
    this.#footprints.note(step.id, scope.kind === "image" ? [] : scope.kind === "annotation" ? [scope.id] : scope.ids);
    // Something later on the same image is on its way: its answer will say more.
    if (this.#outbox.isLast(image)) this.#office.arrived(step.image);
  }

  #send(image: ImageId, scope: Said["scope"], verdict: Verdict): Promise<Step> {
    if (scope.kind !== "annotations") return this.#seam.decide({ image, scope, verdict });
    const changes = scope.ids.map((id): AnnotationChange => ({ kind: "decide", id, verdict }));
    return this.#seam.editAnnotations({ image, changes });
  }

  /** By the core's names for annotations. */
  #named(scope: Said["scope"]): Said["scope"] {
    const { edits } = this.#review;
    if (scope.kind === "image") return scope;
    return scope.kind === "annotation"
      ? { ...scope, id: edits.idOf(scope.id) }
      : { ...scope, ids: scope.ids.map((id) => edits.idOf(id)) };
  }
}

function scopeOf(annotations: readonly Annotation[]): Said["scope"] {
  const [one, another] = annotations;
  if (one && !another) return { kind: "annotation", id: one.id };
  return { kind: "annotations", ids: annotations.map(({ id }) => id) };
}
