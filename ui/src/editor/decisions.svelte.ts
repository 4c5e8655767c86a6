/**
 * Decisions about the marks of the image that review shows. A decision shows at once and goes on to what waits next;
 * it is stored behind the person's back, and the stored answer wins over what was shown.
 */
import type { Annotation, ImageCard, ImageId, MarkChange, RejectReason, Step, Verdict } from "../ipc/bindings";
import type { Seam } from "../ipc/seam";
import { Asking, type Rejected } from "./asking.svelte";
import type { Footprints } from "./footprints";
import type { Outbox } from "./outbox";
import { Pace } from "./pace";
import type { Review } from "./review.svelte";
import { type Said, withDecision } from "./verdict";

type DecisionsSeam = Pick<Seam, "decide" | "editMarks" | "undoOn">;

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
    this.millisPerImage === null ? null : this.millisPerImage * this.#review.unreviewedCount,
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
    this.#say({ kind: "accept" }, this.#review.selectedMarks);
  }

  reject(): void {
    this.#say({ kind: "reject", reason: null }, this.#review.selectedMarks);
  }

  decideMark(mark: Annotation, verdict: Verdict): void {
    this.#say(verdict, [mark]);
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

  /** About these marks, or about all that wait when there are none. */
  #say(verdict: Verdict, marks: readonly Annotation[]): void {
    const review = this.#review;
    const { card } = review;
    if (card === null || review.isAtEnd) return;
    const waiting = review.proposals.length;
    if (marks.length === 0 && waiting === 0) {
      if (verdict.kind === "reject") {
        this.#office.nothingToReject();
        return;
      }
      if (card.review !== "unreviewed") {
        review.next();
        return;
      }
    }
    this.#asking.end();
    const open = marks.filter(({ status }) => status !== (verdict.kind === "accept" ? "accepted" : "rejected"));
    const areSaid = marks.length > 0 && open.length === 0;
    // Nothing is left to say of the marks, and nobody has said yet that the image is done.
    const mayEnd = verdict.kind === "accept" && waiting === 0 && card.review === "unreviewed";
    const isAboutImage = marks.length === 0 || (areSaid && mayEnd);
    if (!areSaid || isAboutImage) {
      const said: Said = { image: card.id, scope: isAboutImage ? { kind: "image" } : scopeOf(open), verdict };
      const stored = this.#decide(card, said);
      const count = marks.length === 0 ? waiting : open.length;
      if (verdict.kind === "reject") this.#asking.begin({ said, name: card.name, marks: count, reason: null, stored });
    }
    this.#moveOn(marks, waiting > 0 || areSaid);
  }

  /** After a decision: the next proposal when marks are decided one by one, otherwise the next image. */
  #moveOn(said: readonly Annotation[], mayLeave: boolean): void {
    const { proposals, marks, selection } = this.#review;
    const isAboutSelected = said.length === selection.ids.size && said.every(({ id }) => selection.has(id));
    if (said.length === 0 || (proposals.length === 0 && mayLeave)) {
      this.#review.next();
    } else if (isAboutSelected && proposals.length > 0) {
      const place = marks.findIndex(({ id }) => id === said.at(-1)?.id);
      const after = [...marks.slice(place + 1), ...marks.slice(0, place + 1)];
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
    this.#footprints.note(step.id, scope.kind === "image" ? [] : scope.kind === "mark" ? [scope.id] : scope.ids);
    // Something later on the same image is on its way: its answer will say more.
    if (this.#outbox.isLast(image)) this.#office.arrived(step.image);
  }

  #send(image: ImageId, scope: Said["scope"], verdict: Verdict): Promise<Step> {
    if (scope.kind !== "marks") return this.#seam.decide({ image, scope, verdict });
    const changes = scope.ids.map((id): MarkChange => ({ kind: "decide", id, verdict }));
    return this.#seam.editMarks({ image, changes });
  }

  /** By the core's names for marks. */
  #named(scope: Said["scope"]): Said["scope"] {
    const { edits } = this.#review;
    if (scope.kind === "image") return scope;
    return scope.kind === "mark"
      ? { ...scope, id: edits.idOf(scope.id) }
      : { ...scope, ids: scope.ids.map((id) => edits.idOf(id)) };
  }
}

function scopeOf(marks: readonly Annotation[]): Said["scope"] {
  const [one, another] = marks;
  if (one && !another) return { kind: "mark", id: one.id };
  return { kind: "marks", ids: marks.map(({ id }) => id) };
}
