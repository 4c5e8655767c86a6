/**
 * Which palette color each label gets. Colors are chosen among the labels on screen: visible labels differ while there
 * are enough colors, and a label keeps its color unless another visible one has it.
 */

/** A palette color, 1 to 12, as numbered in `tokens.css`. */
export type PaletteColor = number;

/**
 * Without sky (1) and pine (12), which look like the accent of a theme (measured by `labelColors.test.ts`). Solid lines
 * come first: 7 to 12 are dashed.
 */
export const SOLID: readonly PaletteColor[] = [2, 6, 4, 5, 3];
export const DASHED: readonly PaletteColor[] = [8, 10, 9, 7, 11];

/** Labels on screen. On photos the color alone identifies a label; in lists the name is beside it. */
export interface OnScreen {
  photos: Iterable<string>;
  lists: Iterable<string>;
}

type Colors = ReadonlyMap<string, PaletteColor>;

export interface Chosen {
  /** Of every label on screen. */
  colors: Colors;
  /** Visible labels that share a color, because there are more labels than colors. */
  repeated: ReadonlySet<string>;
  /** Previous colors, most recently visible first: a label keeps its color across screens. */
  known: Colors;
}

export const NOTHING_CHOSEN: Chosen = { colors: new Map(), repeated: new Set(), known: new Map() };

/** A color for each visible label, given the previous result. Photos have priority. */
export function chooseColors({ photos, lists }: OnScreen, { known }: Chosen): Chosen {
  const onPhotos = new Set(photos);
  const inLists = new Set([...lists].filter((label) => !onPhotos.has(label)));
  const uses = new Map<PaletteColor, number>();
  const usesOf = (color: PaletteColor): number => uses.get(color) ?? 0;
  const listed = new Set([...known].filter(([label]) => inLists.has(label)).map(([, color]) => color));

  // Dashes only if solid colors do not suffice. Lists keep their colors if possible.
  const ofPhotos = assign(
    onPhotos,
    known,
    uses,
    (color) => 4 * usesOf(color) + (DASHED.includes(color) ? 2 : 0) + (listed.has(color) ? 1 : 0),
  );
  const ofLists = assign(inLists, known, uses, usesOf);
  const colors = new Map([...ofPhotos, ...ofLists]);
  const seen = new Set<PaletteColor>();
  const repeated = new Set<string>();
  for (const [label, color] of colors) {
    if (seen.has(color)) repeated.add(label);
    seen.add(color);
  }
  return { colors, repeated, known: new Map([...colors, ...[...known].filter(([label]) => !colors.has(label))]) };
}

/** Labels keep their color unless another has it; the others take the cheapest of their preferred colors. */
function assign(
  labels: ReadonlySet<string>,
  known: Colors,
  uses: Map<PaletteColor, number>,
  cost: (color: PaletteColor) => number,
): Map<string, PaletteColor> {
  const assigned = new Map<string, PaletteColor>();
  const give = (label: string, color: PaletteColor): void => {
    assigned.set(label, color);
    uses.set(color, (uses.get(color) ?? 0) + 1);
  };
  for (const [label, color] of known) if (labels.has(label) && !uses.has(color)) give(label, color);
  for (const label of labels) {
    if (assigned.has(label)) continue;
    const had = known.get(label);
    const candidates = [...(had === undefined ? [] : [had]), ...preferred(label)];
    give(
      label,
      candidates.reduce((best, color) => (cost(color) < cost(best) ? color : best)),
    );
  }
  return assigned;
}

/** A label's colors in order of preference, the same in every library. */
export function preferred(label: string): PaletteColor[] {
  const hash = hashOf(label);
  return [SOLID, DASHED].flatMap((colors) => colors.map((_, place) => at(colors, hash + place)));
}

function at(colors: readonly PaletteColor[], place: number): PaletteColor {
  return colors[place % colors.length] ?? 2;
}

/** FNV-1a hash. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return hash >>> 0;
}
