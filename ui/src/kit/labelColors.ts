/**
 * Which colour of the palette each label has. Colours are chosen among the labels on screen: those that are seen together
 * differ for as long as there are colours, and a label keeps its colour for as long as nothing else on screen has it.
 */

/** A colour of the palette, 1 to 12, as `tokens.css` numbers them. */
export type PaletteColor = number;

/**
 * Without sky (1) and pine (12), which could be taken for the accent of one of the themes
 * (`labelColors.test.ts` measures it). Solid lines come first: 7 to 12 are dashed.
 */
export const SOLID: readonly PaletteColor[] = [2, 6, 4, 5, 3];
export const DASHED: readonly PaletteColor[] = [8, 10, 9, 7, 11];

/** Labels on screen. On photos colour says which label it is; in a list the name stands beside it. */
export interface OnScreen {
  photos: Iterable<string>;
  lists: Iterable<string>;
}

type Colors = ReadonlyMap<string, PaletteColor>;

export interface Chosen {
  /** Of every label on screen. */
  colors: Colors;
  /** Labels on screen of which another one has the colour already, since there are more labels than colours. */
  repeated: ReadonlySet<string>;
  /** What labels have had, those that were on screen last first: a label keeps its colour from screen to screen. */
  known: Colors;
}

export const NOTHING_CHOSEN: Chosen = { colors: new Map(), repeated: new Set(), known: new Map() };

/** A colour for each label on screen. `before` is the answer of the last time. Photos choose first. */
export function chooseColors({ photos, lists }: OnScreen, { known }: Chosen): Chosen {
  const onPhotos = new Set(photos);
  const inLists = new Set([...lists].filter((label) => !onPhotos.has(label)));
  const uses = new Map<PaletteColor, number>();
  const usesOf = (color: PaletteColor): number => uses.get(color) ?? 0;
  const listed = new Set([...known].filter(([label]) => inLists.has(label)).map(([, color]) => color));

  // Dashes are for when there is no other way to tell labels apart. A list keeps its colours where it can.
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

/** Labels keep what they had while no other has it; the rest take the first of what they prefer that costs least. */
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

/** The colours in the order in which a label wants them: its own, in every library and on every day. */
export function preferred(label: string): PaletteColor[] {
  const hash = hashOf(label);
  return [SOLID, DASHED].flatMap((colors) => colors.map((_, place) => at(colors, hash + place)));
}

function at(colors: readonly PaletteColor[], place: number): PaletteColor {
  return colors[place % colors.length] ?? 2;
}

/** FNV-1a. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return hash >>> 0;
}
