/** Design tokens for canvas painting. They are the same in both themes, because they lie on a photo. */
import type { PaletteColor } from "../components/labelColors";

export interface LabelColors {
  line: string;
  ink: string;
  /** Color under the line. */
  casing: string;
  isDashed: boolean;
}

export interface Palette {
  casing: string;
  overlay: string;
  overlayInk: string;
  family: string;
  dash: number[];
  labels: LabelColors[];
}

export function readPalette(element: Element): Palette {
  const style = getComputedStyle(element);
  const token = (name: string): string => style.getPropertyValue(name).trim();
  return {
    casing: token("--annotation-casing"),
    overlay: token("--overlay"),
    overlayInk: token("--overlay-ink"),
    family: token("--font-family"),
    dash: token("--annotation-dash").split(/\s+/).map(Number),
    labels: Array.from({ length: 12 }, (_, place) => ({
      line: token(`--label-${place + 1}`),
      ink: token(`--label-${place + 1}-ink`),
      casing: token(`--label-${place + 1}-casing`) || token("--annotation-casing"),
      isDashed: place >= 6,
    })),
  };
}

export function colorsOf(palette: Palette, color: PaletteColor): LabelColors {
  const place = Math.min(12, Math.max(1, Math.round(color))) - 1;
  const { overlayInk: line, overlay: ink, casing } = palette;
  return palette.labels[place] ?? { line, ink, casing, isDashed: false };
}
