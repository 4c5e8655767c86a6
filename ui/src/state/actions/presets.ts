/**
 * Keys for people who come from other tools. A preset has the keys that its tool documents for what Fieldmark does too,
 * and moves what would be in their way; everything else stays Fieldmark's. Tools in which nobody accepts or rejects have
 * no keys for that: these stay near the hand that pages.
 */
import type { Chord } from "./chords";
import type { ActionId } from "./table";

export type Bindings = Partial<Record<ActionId, readonly Chord[]>>;

/** What labelme and its descendants have in common: A and D page, Ctrl with a letter does the rest. */
const LABELME_FAMILY = {
  "everywhere.folders": ["Mod+U"],
  "review.nextImage": ["D", "ArrowRight"],
  "review.previousImage": ["A", "ArrowLeft"],
  "review.accept": ["E"],
  "review.rename": ["Mod+E", "L", "Enter"],
  "audit.right": ["E", "A"],
  "audit.takeBack": ["Mod+Z", "Backspace"],
  "review.fit": ["Mod+F", "F"],
  "review.full": ["Mod+0", "0"],
  "review.zoomIn": ["Mod++", "Mod+=", "+", "="],
  "review.zoomOut": ["Mod+-", "-"],
  "compare.nextImage": ["D", "ArrowRight"],
  "compare.previousImage": ["A", "ArrowLeft"],
  "compare.agreed": ["E"],
  "compare.undo": ["Mod+Z", "Backspace"],
} as const satisfies Bindings;

export const PRESETS = {
  fieldmark: {},
  cvat: {
    "everywhere.shortcuts": ["F1", "?"],
    "everywhere.settings": ["F2", "Mod+,"],
    "review.nextImage": ["F", "ArrowRight"],
    "review.previousImage": ["D", "ArrowLeft"],
    "review.fit": ["Shift+F"],
    "review.box": ["N", "B"],
    "review.nextAnnotation": ["M"],
    "review.previousAnnotation": ["Shift+M"],
    "review.repair": ["Shift+R"],
    "compare.nextImage": ["F", "ArrowRight"],
    "compare.previousImage": ["D", "ArrowLeft"],
    "compare.undo": ["Mod+Z", "Backspace"],
    "compare.fit": ["Shift+F"],
  },
  labelme: {
    ...LABELME_FAMILY,
    "review.hide": ["T", "H"],
    "review.tag": ["Shift+T"],
    "review.select": ["Mod+J", "V"],
    "review.box": ["Mod+R", "B"],
    "review.polygon": ["Mod+N", "P"],
  },
  x_anylabeling: {
    ...LABELME_FAMILY,
    "review.hide": ["Mod+H", "H"],
    "review.select": ["Mod+J", "V"],
    "review.box": ["R", "Mod+R", "B"],
    "review.polygon": ["P", "Mod+N"],
  },
  label_studio: {
    "review.accept": ["Mod+Enter", "A"],
    "review.skip": ["Mod+Space", "S"],
    "review.box": ["R", "B"],
    "review.point": ["K", "O"],
    "review.hide": ["Mod+H", "H"],
    "review.zoomIn": ["Mod++", "Mod+=", "+", "="],
    "review.zoomOut": ["Mod+-", "-"],
    // Backspace deletes there: to take a step back with it would do the opposite of what the hand means.
    "review.remove": ["Backspace", "Delete"],
    "review.undo": ["Shift+Backspace"],
    "review.nextImage": ["Mod+ArrowRight", "ArrowRight"],
    "review.previousImage": ["Mod+ArrowLeft", "ArrowLeft"],
    "review.nextAnnotation": ["Alt+.", "N"],
  },
} as const satisfies Record<string, Bindings>;

export type PresetName = keyof typeof PRESETS;
export const PRESET_NAMES = Object.keys(PRESETS) as PresetName[];

export function presetBindings(name: PresetName): Bindings {
  return PRESETS[name];
}
