/**
 * Decisions about the marks of the image that review shows. A decision shows at once and goes on to what waits next;
 * it is stored behind the person's back, and the stored answer wins over what was shown.
 */
import type { Annotation, DecisionScope, ImageCard, ImageId, RejectReason, Verdict } from "../ipc/bindings";
import type { Seam } from "../ipc/seam";
import { Asking, type Rejected } from "./asking.svelte";
import type { Footprints } from "./footprints";
import type { Outbox } from "./outbox";
import { Pace } from "./pace";
import type { Review } from "./review.svelte";
import { type Said, withDecision } from "./verdict";

type DecisionsSeam = Pick<Seam, "decide" | "undoOn">;

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
    this.#say({ kind: "accept" }, this.#review.selectedMark);
  }

  reject(): void {
    this.#say({ kind: "reject", reason: null }, this.#review.selectedMark);
  }

  decideMark(mark: Annotation, verdict: Verdict): void {
    this.#say(verdict, mark);
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

  #say(verdict: Verdict, mark: Annotation | null): void {
    const review = this.#review;
    const { card } = review;
    if (card === null || review.isAtEnd) return;
    const waiting = review.proposals.length;
    if (mark === null && waiting === 0) {
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
    const isSaid = mark !== null && mark.status === (verdict.kind === "accept" ? "accepted" : "rejected");
    // Nothing is left to say of the mark, and nobody has said yet that the image is done.
    const mayEnd = verdict.kind === "accept" && waiting === 0 && card.review === "unreviewed";
    const isAboutImage = mark === null || (isSaid && mayEnd);
    if (!isSaid || isAboutImage) {
      const scope: DecisionScope = isAboutImage ? { kind: "image" } : { kind: "mark", id: mark.id };
      const said = { image: card.id, scope, verdict };
      const stored = this.#decide(card, said);
      if (verdict.kind === "reject")
        this.#asking.begin({ said, name: card.name, marks: mark === null ? waiting : 1, reason: null, stored });
    }
    this.#moveOn(mark, waiting > 0 || isSaid);
  }

  /** After a decision: the next proposal when marks are decided one by one, otherwise the next image. */
  #moveOn(mark: Annotation | null, mayLeave: boolean): void {
    const { proposals, marks, selected } = this.#review;
    if (mark === null || (proposals.length === 0 && mayLeave)) {
      this.#review.next();
    } else if (selected === mark.id && proposals.length > 0) {
      const place = marks.findIndex(({ id }) => id === mark.id);
      const after = [...marks.slice(place + 1), ...marks.slice(0, place)];
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
    const { scope } = said;
    const named: DecisionScope = scope.kind === "mark" ? { ...scope, id: this.#review.edits.idOf(scope.id) } : scope;
    const step = await this.#seam.decide({ ...said, scope: named });
    this.#footprints.note(step.id, named.kind === "mark" ? [named.id] : []);
    // Something later on the same image is on its way: its answer will say more.
    if (this.#outbox.isLast(said.image)) this.#office.arrived(step.image);
  }
}
