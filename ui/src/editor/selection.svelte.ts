/** Which annotations of the image are selected: none, one, or several. */
import type { Annotation, AnnotationId } from "../ipc/bindings";

export class AnnotationSelection {
  readonly #all: () => readonly Annotation[];

  ids = $state.raw<ReadonlySet<AnnotationId>>(new Set());

  /** In the order of the list. */
  readonly annotations = $derived.by<readonly Annotation[]>(() =>
    this.ids.size === 0 ? [] : this.#all().filter(({ id }) => this.ids.has(id)),
  );
  /** The one that is selected; null when there is none, or several. */
  readonly one = $derived.by<Annotation | null>(() =>
    this.annotations.length === 1 ? (this.annotations[0] ?? null) : null,
  );

  constructor(all: () => readonly Annotation[]) {
    this.#all = all;
  }

  has(annotation: AnnotationId): boolean {
    return this.ids.has(annotation);
  }

  /** These and no others. */
  set(annotations: Iterable<AnnotationId>): void {
    this.ids = new Set(annotations);
  }

  /** One more, or one less. */
  toggle(annotation: AnnotationId): void {
    const ids = new Set(this.ids);
    if (!ids.delete(annotation)) ids.add(annotation);
    this.ids = ids;
  }

  /** The next annotation of the list, or the one before it; from none, the first that waits for a decision. */
  step(step: 1 | -1): void {
    const all = this.#all();
    const count = all.length;
    if (count === 0) return;
    const isSelected = ({ id }: Annotation) => this.ids.has(id);
    const place = step === 1 ? all.findLastIndex(isSelected) : all.findIndex(isSelected);
    const first = step === 1 ? (all.find(({ status }) => status === "proposed") ?? all[0]) : all[count - 1];
    const next = place < 0 ? first : all[(place + step + count) % count];
    this.set(next ? [next.id] : []);
  }
}
