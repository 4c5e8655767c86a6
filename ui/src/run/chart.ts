/** Geometry of a small line chart. */

/** Points of an SVG polyline: values from left to right, zero at the bottom, `most` at the top. */
export function linePoints(values: readonly number[], most: number, width: number, height: number): string {
  if (values.length < 2 || most <= 0) return "";
  return values
    .map((value, index) => {
      const x = (index / (values.length - 1)) * width;
      const y = height - (Math.min(value, most) / most) * height;
      return `${x.toFixed(1)},${y.toFixed(1)}`;
    })
    .join(" ");
}

/** The next round number, for an axis that does not change with every point. */
export function roundUp(value: number): number {
  if (value <= 0) return 1;
  const magnitude = 10 ** Math.floor(Math.log10(value));
  const step = [1, 1.5, 2, 3, 4, 5, 7.5, 10].find((factor) => factor * magnitude >= value) ?? 10;
  return step * magnitude;
}
