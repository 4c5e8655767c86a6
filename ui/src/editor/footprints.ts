/** Which annotations the steps of this session were about, so that a step that is taken back, or made again, selects them. */
import type { AnnotationId, Step, StepId } from "../ipc/bindings";

export class Footprints {
  readonly #annotations = new Map<StepId, readonly AnnotationId[]>();

  /** A step about the image as a whole is about no annotation. */
  note(step: StepId, annotations: readonly AnnotationId[]): void {
    this.#annotations.set(step, annotations);
  }

  /** What to select after a step was taken back or made again; undefined where nobody knows. */
  of({ id, annotations, image }: Step): readonly AnnotationId[] | undefined {
    const known = this.#annotations.get(id) ?? (annotations.length === 1 ? annotations : undefined);
    return known?.filter((annotation) => image.annotations.some((each) => each.id === annotation));
  }
}
