/** Findings on the reviewed image, and their repairs. */
import { getContext, setContext, untrack } from "svelte";

import { contentOf } from "../editor/changes";
import type { Review } from "../editor/review.svelte";
import type { Annotation, AnnotationChange, CheckFinding, ImageCard, ImageId, RepairAction } from "../api/bindings";
import type { Core } from "../api/core";
import { nameOf } from "../components/shape";
import { errorMessage, words } from "../messages";
import type { App } from "../state/app.svelte";
import { inLayers } from "../state/layers";

type FindingsCore = Pick<Core, "findings">;

export class Findings {
  readonly review: Review;
  readonly #core: FindingsCore;
  readonly #refused: (refusal: unknown) => void;
  #found = $state.raw<{ image: ImageId; findings: readonly CheckFinding[] } | null>(null);
  /** Only the request for the latest image counts. */
  #latest = 0;

  constructor(core: FindingsCore, review: Review, refused: (refusal: unknown) => void) {
    this.#core = core;
    this.review = review;
    this.#refused = refused;
  }

  async load(card: ImageCard | null): Promise<void> {
    const wish = ++this.#latest;
    if (card === null || card.annotations.length === 0) {
      this.#found = null;
      return;
    }
    try {
      const findings = await this.#core.findings(card.id);
      if (wish === this.#latest) this.#found = { image: card.id, findings };
    } catch (refusal) {
      this.#refused(refusal);
    }
  }

  of(annotation: Annotation): readonly CheckFinding[] {
    // A rejected annotation counts as repaired, even if the core has not confirmed it yet.
    if (this.#found?.image !== this.review.imageId || annotation.status === "rejected") return [];
    return this.#found?.findings.filter((finding) => finding.annotation === annotation.id) ?? [];
  }

  /** Accessible name of an annotation, with its finding. */
  named(annotation: Annotation): string {
    const name = words.review.annotationName(nameOf(annotation), annotation.confidence, annotation.status);
    return this.of(annotation).length > 0 ? `${words.checks.likelyMistake}: ${name}` : name;
  }

  get canRepair(): boolean {
    return this.review.annotations.some((annotation) => this.of(annotation).length > 0);
  }

  /** Repairs the selected annotation; if it has no finding, selects the first that has one. */
  repair(): void {
    const { selectedAnnotation, annotations } = this.review;
    const [finding] = selectedAnnotation === null ? [] : this.of(selectedAnnotation);
    if (selectedAnnotation !== null && finding) this.repairOne(finding, selectedAnnotation);
    else this.review.select(annotations.find((annotation) => this.of(annotation).length > 0)?.id ?? null);
  }

  repairOne({ repair }: CheckFinding, annotation: Annotation): void {
    const { card, edits, selected } = this.review;
    if (card === null) return;
    edits.make(card.id, changeFor(repair, annotation));
    if (selected === annotation.id) this.review.select(null);
  }
}

/** The change that performs a repair. */
export function changeFor(repair: RepairAction, annotation: Annotation): AnnotationChange {
  const { id } = annotation;
  switch (repair.kind) {
    case "relabel":
      return { kind: "change", id, content: { ...contentOf(annotation), label: repair.label } };
    // The core clips every changed annotation at the image edge.
    case "crop":
      return { kind: "change", id, content: contentOf(annotation) };
    case "remove":
      return { kind: "remove", id };
    case "reject":
      return { kind: "decide", id, verdict: repair };
  }
}

const KEY = Symbol("findings");

/**
 * For components of the review screen; loads the findings of each shown image and reloads them when its annotations
 * change.
 */
export function provideFindings(app: App, review: Review): void {
  const findings = new Findings(
    inLayers(app.core, () => app.scope.layersInReview),
    review,
    (refusal) => app.notices.show(errorMessage(refusal), "bad"),
  );
  setContext(KEY, findings);
  $effect(() => {
    const { card } = review;
    untrack(() => void findings.load(card));
  });
  $effect(() => app.actions.offer({ "review.repair": { do: () => findings.repair(), can: () => findings.canRepair } }));
}

export function useFindings(): Findings {
  return getContext<Findings>(KEY);
}
