/**
 * Queue of choices for the core. A choice is shown at once and stored in the background, in order. Its changes are
 * computed when it is sent, because an annotation added before has its id only then. The core's answer wins.
 */
import type { ImageId, StepId } from "../api/bindings";
import type { Core } from "../api/core";
import { type Choice, type Compared, type Move, movesFor, movesForAgreed, withMoves, withStep } from "./choices";
import type { ComparedImages } from "./images.svelte";

interface Waiting {
  image: ImageId;
  /** The pair's index; null for everything both agree on. */
  place: number | null;
  moves: (compared: Compared) => Move[];
}

export class Choosing {
  readonly #core: Pick<Core, "editAnnotations" | "decide">;
  readonly #images: ComparedImages;
  readonly #refused: (image: ImageId, refusal: unknown) => Promise<void>;
  #waiting = $state.raw<readonly Waiting[]>([]);
  readonly #places = new Map<StepId, number | null>();
  #tail: Promise<void> = Promise.resolve();

  constructor(
    core: Pick<Core, "editAnnotations" | "decide">,
    images: ComparedImages,
    refused: (image: ImageId, refusal: unknown) => Promise<void>,
  ) {
    this.#core = core;
    this.#images = images;
    this.#refused = refused;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  get images(): ImageId[] {
    return this.#waiting.map(({ image }) => image);
  }

  /** The stored state plus pending choices. */
  asShown(image: ImageId): Compared | null {
    const stored = this.#images.get(image);
    if (!stored) return null;
    return this.#waiting
      .filter((each) => each.image === image)
      .reduce((compared, { moves }) => withMoves(compared, moves(compared)), stored);
  }

  /** The pair of a step; undefined if unknown or not about a pair. */
  placeOf(step: StepId): number | undefined {
    return this.#places.get(step) ?? undefined;
  }

  choose(image: ImageId, place: number, choice: Choice): void {
    this.#deliver({ image, place, moves: (compared) => movesFor(compared, place, choice) });
  }

  acceptAgreed(image: ImageId): void {
    this.#deliver({ image, place: null, moves: movesForAgreed });
  }

  /** Decided without a step, because nothing changes on the image. */
  pass(image: ImageId, place: number): void {
    const stored = this.#images.get(image);
    if (stored) this.#images.put({ ...stored, passed: new Set([...stored.passed, place]) });
  }

  /** Runs after all pending choices. */
  behind(step: () => Promise<void>): void {
    this.#tail = this.#tail.then(step);
  }

  /** Resolves when everything is stored. */
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
        ? await this.#core.editAnnotations({ image, changes: moves.map(({ change }) => change) })
        : await this.#core.decide({ image, scope: { kind: "image" }, verdict: { kind: "accept" } });
    this.#images.changed();
    this.#places.set(step.id, place);
    this.#images.put(withStep(this.#images.get(image) ?? stored, moves, step));
  }
}

/** All annotations are decided, but the image is not marked as reviewed. */
export function waitsForItsReview({ card }: Compared): boolean {
  return card.review === "unreviewed" && !card.annotations.some(({ status }) => status === "proposed");
}
