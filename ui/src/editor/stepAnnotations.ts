/** The annotations that each step of this session changed, so that undo and redo can select them. */
import type { AnnotationId, Step, StepId } from "../ipc/bindings";

export class StepAnnotations {
  readonly #marks = new Map<StepId, readonly AnnotationId[]>();

  /** Steps on the whole image have no annotations. */
  record(step: StepId, marks: readonly AnnotationId[]): void {
    this.#marks.set(step, marks);
  }

  /** The annotations to select after undo or redo; undefined if unknown. */
  of({ id, annotations, image }: Step): readonly AnnotationId[] | undefined {
    const known = this.#marks.get(id) ?? (annotations.length === 1 ? annotations : undefined);
    return known?.filter((mark) => image.marks.some((each) => each.id === mark));
  }
}
