/** CSS classes of the twelve palette colors: color, ink, and dashes for 7 to 12. */
export function labelClass(color: number): string {
  const place = Math.min(12, Math.max(1, Math.round(color)));
  return place > 6 ? `label-${place} dashed` : `label-${place}`;
}
