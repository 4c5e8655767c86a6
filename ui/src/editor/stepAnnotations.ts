/** The annotations that each step of this session changed, so that undo and redo can select them. */
import type { AnnotationId, Step, StepId } from "../api/bindings";

export class StepAnnotations {
  readonly #annotations = new Map<StepId, readonly AnnotationId[]>();

  /** Steps on the whole image have no annotations. */
  record(step: StepId, annotations: readonly AnnotationId[]): void {
    this.#annotations.set(step, annotations);
  }

  /** The annotations to select after undo or redo; undefined if unknown. */
  of({ id, annotations, image }: Step): readonly AnnotationId[] | undefined {
    const known = this.#annotations.get(id) ?? (annotations.length === 1 ? annotations : undefined);
    return known?.filter((annotation) => image.annotations.some((each) => each.id === annotation));
  }
}
