/** Which marks the steps of this sitting were about, so that a step that is taken back, or made again, selects them. */
import type { AnnotationId, Step, StepId } from "../ipc/bindings";

export class Footprints {
  readonly #marks = new Map<StepId, readonly AnnotationId[]>();

  /** A step about the image as a whole is about no mark. */
  note(step: StepId, marks: readonly AnnotationId[]): void {
    this.#marks.set(step, marks);
  }

  /** What to select after a step was taken back or made again; undefined where nobody knows. */
  of({ id, annotations, image }: Step): readonly AnnotationId[] | undefined {
    const known = this.#marks.get(id) ?? (annotations.length === 1 ? annotations : undefined);
    return known?.filter((mark) => image.marks.some((each) => each.id === mark));
  }
}
