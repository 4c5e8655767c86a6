/**
 * Which colour of the palette each label has. Colours are chosen among the labels on screen: those that are seen together
 * differ for as long as there are colours, and a label keeps its colour for as long as nothing else on screen has it.
 */

/** A colour of the palette, 1 to 12, as `tokens.css` numbers them. */
export type PaletteColor = number;

/**
 * Sky (1) and pine (12) are as close to the accent of one theme as two colours may be that must be told apart
 * (`labelColors.test.ts` measures it). Solid lines come first: 7 to 12 are dashed.
 */
export const SOLID: readonly PaletteColor[] = [2, 6, 4, 5, 3];
export const DASHED: readonly PaletteColor[] = [8, 10, 9, 7, 11];
const ALL: readonly PaletteColor[] = [...SOLID, ...DASHED];

/** Labels on screen. On photos colour says which label it is; in a list the name stands beside it. */
export interface OnScreen {
  photos: Iterable<string>;
  lists: Iterable<string>;
}

/**
 * A colour for each label on screen, which come first in the answer, then what other labels had before.
 *
 * `before` is the answer of the last time: what was on screen keeps its colour first, then what was seen before that.
 */
export function chooseColors(
  { photos, lists }: OnScreen,
  before: ReadonlyMap<string, PaletteColor>,
): Map<string, PaletteColor> {
  const onPhotos = new Set(photos);
  const inLists = new Set([...lists].filter((label) => !onPhotos.has(label)));
  const chosen = new Map<string, PaletteColor>();
  const uses = new Map<PaletteColor, number>();
  const give = (label: string, color: PaletteColor): void => {
    chosen.set(label, color);
    uses.set(color, (uses.get(color) ?? 0) + 1);
  };
  for (const labels of [onPhotos, inLists]) {
    for (const [label, color] of before) if (labels.has(label) && !uses.has(color)) give(label, color);
    // A new label on a photo takes no colour away from a list if another one is free.
    const kept = new Set([...before].filter(([label]) => inLists.has(label)).map(([, color]) => color));
    for (const label of labels) {
      if (chosen.has(label)) continue;
      const cost = (color: PaletteColor): number => 2 * (uses.get(color) ?? 0) + (kept.has(color) ? 1 : 0);
      const had = before.get(label);
      const candidates = had === undefined ? preferred(label) : [had, ...preferred(label)];
      give(
        label,
        candidates.reduce((best, color) => (cost(color) < cost(best) ? color : best)),
      );
    }
  }
  for (const [label, color] of before) if (!chosen.has(label)) chosen.set(label, color);
  return chosen;
}

/** The colours in the order in which a label wants them: its own, in every library and on every day. */
export function preferred(label: string): PaletteColor[] {
  const hash = hashOf(label);
  return [SOLID, DASHED].flatMap((colors) => colors.map((_, place) => at(colors, hash + place)));
}

function at(colors: readonly PaletteColor[], place: number): PaletteColor {
  return colors[place % colors.length] ?? ALL[0] ?? 1;
}

/** FNV-1a. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return hash >>> 0;
}
