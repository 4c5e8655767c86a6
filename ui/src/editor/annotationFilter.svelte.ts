/** Which annotations review draws. It changes no data, and decisions about an image include what is hidden. */
import type { Annotation } from "../api/bindings";

export class AnnotationFilter {
  /** Hides all, to see the photo. */
  hidesAll = $state(false);
  hiddenLabels = $state.raw<ReadonlySet<string>>(new Set());
  /** From 0 to 1. Annotations without a confidence are always shown. */
  leastConfidence = $state(0);

  /** Whether some annotations are hidden by label or confidence. */
  readonly isActive = $derived(this.hiddenLabels.size > 0 || this.leastConfidence > 0);

  /** Whether label and confidence let it through. */
  passes({ label, confidence }: Annotation): boolean {
    return !this.hiddenLabels.has(label) && (confidence === null || confidence >= this.leastConfidence);
  }

  showLabel(label: string, isShown: boolean): void {
    const hidden = new Set(this.hiddenLabels);
    if (isShown) hidden.delete(label);
    else hidden.add(label);
    this.hiddenLabels = hidden;
  }

  showAll(): void {
    this.hiddenLabels = new Set();
    this.leastConfidence = 0;
  }
}
