/**
 * Choices on their way to the core. A choice shows at once and is stored behind the person's back, one after the other.
 * What it changes is worked out when its turn comes, of what the core has by then: an annotation that was just adopted has its
 * number only after the core has taken it. What the core says wins over what was shown.
 */
import type { ImageId, StepId } from "../ipc/bindings";
import type { Seam } from "../ipc/seam";
import { type Choice, type Compared, type Move, movesFor, movesForAgreed, withMoves, withStep } from "./choices";
import type { ComparedImages } from "./images.svelte";

interface Waiting {
  image: ImageId;
  /** The pair that it is about; null for all that both agree on. */
  place: number | null;
  moves: (compared: Compared) => Move[];
}

export class Choosing {
  readonly #seam: Pick<Seam, "editAnnotations" | "decide">;
  readonly #images: ComparedImages;
  readonly #refused: (image: ImageId, refusal: unknown) => Promise<void>;
  #waiting = $state.raw<readonly Waiting[]>([]);
  readonly #places = new Map<StepId, number | null>();
  #tail: Promise<void> = Promise.resolve();

  constructor(
    seam: Pick<Seam, "editAnnotations" | "decide">,
    images: ComparedImages,
    refused: (image: ImageId, refusal: unknown) => Promise<void>,
  ) {
    this.#seam = seam;
    this.#images = images;
    this.#refused = refused;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  get images(): ImageId[] {
    return this.#waiting.map(({ image }) => image);
  }

  /** What is stored, with the choices on their way. */
  asShown(image: ImageId): Compared | null {
    const stored = this.#images.get(image);
    if (!stored) return null;
    return this.#waiting
      .filter((each) => each.image === image)
      .reduce((compared, { moves }) => withMoves(compared, moves(compared)), stored);
  }

  /** Which pair a step was about; undefined where it was about none, or nobody knows. */
  placeOf(step: StepId): number | undefined {
    return this.#places.get(step) ?? undefined;
  }

  choose(image: ImageId, place: number, choice: Choice): void {
    this.#deliver({ image, place, moves: (compared) => movesFor(compared, place, choice) });
  }

  acceptAgreed(image: ImageId): void {
    this.#deliver({ image, place: null, moves: movesForAgreed });
  }

  /** Decided without a step: there is nothing to change on the image. */
  pass(image: ImageId, place: number): void {
    const stored = this.#images.get(image);
    if (stored) this.#images.put({ ...stored, passed: new Set([...stored.passed, place]) });
  }

  /** Does something behind all that was chosen before. */
  behind(step: () => Promise<void>): void {
    this.#tail = this.#tail.then(step);
  }

  /** When everything so far is stored. */
  settled(): Promise<void> {
    return this.#tail;
  }

  #deliver(waiting: Waiting): void {
    this.#images.changed();
    this.#waiting = [...this.#waiting, waiting];
    this.behind(async () => {
      try {
        await this.#store(waiting);
      } catch (refusal) {
        await this.#refused(waiting.image, refusal);
      } finally {
        this.#waiting = this.#waiting.filter((each) => each !== waiting);
      }
    });
  }

  async #store({ image, place, moves: movesOf }: Waiting): Promise<void> {
    const stored = this.#images.get(image);
    if (!stored) return;
    const moves = movesOf(stored);
    if (moves.length === 0 && (place !== null || !waitsForItsReview(stored))) return;
    const step =
      moves.length > 0
        ? await this.#seam.editAnnotations({ image, changes: moves.map(({ change }) => change) })
        : await this.#seam.decide({ image, scope: { kind: "image" }, verdict: { kind: "accept" } });
    this.#images.changed();
    this.#places.set(step.id, place);
    this.#images.put(withStep(this.#images.get(image) ?? stored, moves, step));
  }
}

/** Every annotation is decided, and the image still counts as not reviewed. */
export function waitsForItsReview({ card }: Compared): boolean {
  return card.review === "unreviewed" && !card.annotations.some(({ status }) => status === "proposed");
}
