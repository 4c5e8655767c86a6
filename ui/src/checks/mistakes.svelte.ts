/** The likely mistakes on the image that review shows, and the one step that repairs each. */
import { getContext, setContext, untrack } from "svelte";

import type { Review } from "../editor/review.svelte";
import type { Annotation, ImageCard, ImageId, Mistake } from "../ipc/bindings";
import type { Seam } from "../ipc/seam";
import { nameOf } from "../kit/shape";
import { refusalWords, words } from "../messages";
import type { App } from "../state/app.svelte";
import { inLayers } from "../state/layers";
import { repairChange } from "./repair";

type MistakesSeam = Pick<Seam, "mistakes">;

export class Mistakes {
  readonly review: Review;
  readonly #seam: MistakesSeam;
  readonly #refused: (refusal: unknown) => void;
  #found = $state.raw<{ image: ImageId; mistakes: readonly Mistake[] } | null>(null);
  /** Looking takes a moment: only the latest image counts. */
  #latest = 0;

  constructor(seam: MistakesSeam, review: Review, refused: (refusal: unknown) => void) {
    this.#seam = seam;
    this.review = review;
    this.#refused = refused;
  }

  async look(card: ImageCard | null): Promise<void> {
    const wish = ++this.#latest;
    if (card === null || card.marks.length === 0) {
      this.#found = null;
      return;
    }
    try {
      const mistakes = await this.#seam.mistakes(card.id);
      if (wish === this.#latest) this.#found = { image: card.id, mistakes };
    } catch (refusal) {
      this.#refused(refusal);
    }
  }

  of(mark: Annotation): readonly Mistake[] {
    // What is rejected already is as good as repaired, though the core may not have said so yet.
    if (this.#found?.image !== this.review.imageId || mark.status === "rejected") return [];
    return this.#found?.mistakes.filter((mistake) => mistake.mark === mark.id) ?? [];
  }

  /** What a mark is called, and whether it is likely a mistake. */
  named(mark: Annotation): string {
    const name = words.review.markName(nameOf(mark), mark.confidence, mark.status);
    return this.of(mark).length > 0 ? `${words.checks.likely}: ${name}` : name;
  }

  get canRepair(): boolean {
    return this.review.marks.some((mark) => this.of(mark).length > 0);
  }

  /** Repairs the selected mark; when that is no mistake, selects the first one that is. */
  repair(): void {
    const { selectedMark, marks } = this.review;
    const [mistake] = selectedMark === null ? [] : this.of(selectedMark);
    if (selectedMark !== null && mistake) this.repairOne(mistake, selectedMark);
    else this.review.select(marks.find((mark) => this.of(mark).length > 0)?.id ?? null);
  }

  repairOne(mistake: Mistake, mark: Annotation): void {
    const { card, edits, selected } = this.review;
    if (card === null) return;
    edits.make(card.id, repairChange(mistake, mark, card.size));
    if (selected === mark.id) this.review.select(null);
  }
}

const KEY = Symbol("mistakes");

/** For the parts of the review screen; it looks at each image that is shown, and again when its marks change. */
export function provideMistakes(app: App, review: Review): void {
  const mistakes = new Mistakes(
    inLayers(app.seam, () => app.layersInReview),
    review,
    (refusal) => app.tell(refusalWords(refusal), "bad"),
  );
  setContext(KEY, mistakes);
  $effect(() => {
    const { card } = review;
    untrack(() => void mistakes.look(card));
  });
  $effect(() => app.actions.offer({ "review.repair": { do: () => mistakes.repair(), can: () => mistakes.canRepair } }));
}

export function useMistakes(): Mistakes {
  return getContext<Mistakes>(KEY);
}
