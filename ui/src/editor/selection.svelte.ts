/** The selected annotations of the image. */
import type { Annotation, AnnotationId } from "../api/bindings";

export class AnnotationSelection {
  readonly #all: () => readonly Annotation[];
  readonly #shown: () => readonly Annotation[];

  ids = $state.raw<ReadonlySet<AnnotationId>>(new Set());

  /** In list order. */
  readonly annotations = $derived.by<readonly Annotation[]>(() =>
    this.ids.size === 0 ? [] : this.#all().filter(({ id }) => this.ids.has(id)),
  );
  /** The selected annotation; null if none or several are. */
  readonly one = $derived.by<Annotation | null>(() =>
    this.annotations.length === 1 ? (this.annotations[0] ?? null) : null,
  );

  /** `shown` are the annotations that stepping visits. */
  constructor(all: () => readonly Annotation[], shown: () => readonly Annotation[] = all) {
    this.#all = all;
    this.#shown = shown;
  }

  has(annotation: AnnotationId): boolean {
    return this.ids.has(annotation);
  }

  set(annotations: Iterable<AnnotationId>): void {
    this.ids = new Set(annotations);
  }

  toggle(annotation: AnnotationId): void {
    const ids = new Set(this.ids);
    if (!ids.delete(annotation)) ids.add(annotation);
    this.ids = ids;
  }

  /** The next or previous annotation in the list; from no selection, the first undecided one. */
  step(step: 1 | -1): void {
    const all = this.#shown();
    const count = all.length;
    if (count === 0) return;
    const isSelected = ({ id }: Annotation) => this.ids.has(id);
    const place = step === 1 ? all.findLastIndex(isSelected) : all.findIndex(isSelected);
    const first = step === 1 ? (all.find(({ status }) => status === "proposed") ?? all[0]) : all[count - 1];
    const next = place < 0 ? first : all[(place + step + count) % count];
    this.set(next ? [next.id] : []);
  }
}
