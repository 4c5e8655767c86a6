/** The palette of twelve as classes of base.css: a colour, the ink on it, and dashes for seven to twelve. */
export function labelClass(color: number): string {
  const place = Math.min(12, Math.max(1, Math.round(color)));
  return place > 6 ? `label-${place} dashed` : `label-${place}`;
}
