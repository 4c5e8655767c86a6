/**
 * Queue of choices for the core. A choice is shown at once and stored in the background, in order. It is about the pairs
 * as stored by then, because an annotation added before has its id only then. The core's answer wins.
 */
import type { Choice, ImageId, SideChoice, StepId } from "../api/bindings";
import type { Core } from "../api/core";
import { type Compared, withChoice } from "./choices";
import type { ComparedImages } from "./images.svelte";

interface Waiting {
  image: ImageId;
  choice: SideChoice;
}

export class Choosing {
  readonly #core: Pick<Core, "chooseSide">;
  readonly #images: ComparedImages;
  readonly #refused: (image: ImageId, refusal: unknown) => Promise<void>;
  #waiting = $state.raw<readonly Waiting[]>([]);
  readonly #places = new Map<StepId, number>();
  #tail: Promise<void> = Promise.resolve();

  constructor(
    core: Pick<Core, "chooseSide">,
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
      .reduce((compared, { choice }) => withChoice(compared, choice), stored);
  }

  /** The pair of a step; undefined if unknown or not about a pair. */
  placeOf(step: StepId): number | undefined {
    return this.#places.get(step);
  }

  choose(image: ImageId, index: number, choice: Choice): void {
    this.#deliver({ image, choice: { kind: "pair", index, choice } });
  }

  acceptAgreed(image: ImageId): void {
    this.#deliver({ image, choice: { kind: "agreed" } });
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

  async #store({ image, choice }: Waiting): Promise<void> {
    const before = this.#images.get(image);
    if (!before) return;
    const { sides, pairs: asked } = before;
    const { step, pairs } = await this.#core.chooseSide({ image, sides, pairs: [...asked], choice });
    this.#images.changed();
    const stored = this.#images.get(image) ?? before;
    const passed = new Set(stored.passed);
    if (choice.kind === "pair") {
      if (step) this.#places.set(step.id, choice.index);
      else if (choice.choice === "neither") passed.add(choice.index);
    }
    this.#images.put({ ...stored, card: step?.image ?? stored.card, pairs, passed });
  }
}
