/**
 * Keyboard presets for users of other tools. A preset has the documented keys of its tool for what Fieldmark does too,
 * and moves conflicting ones; all others stay. Tools without accept and reject keep Fieldmark's keys for these, near
 * the ones that change the image.
 */
import type { Chord } from "./chords";
import type { ActionId } from "./table";

export type Bindings = Partial<Record<ActionId, readonly Chord[]>>;

/** Shared by labelme and its descendants: A and D change the image, Ctrl with a letter does the rest. */
const LABELME_FAMILY = {
  "everywhere.folders": ["Mod+U"],
  "review.nextImage": ["D", "ArrowRight"],
  "review.previousImage": ["A", "ArrowLeft"],
  "review.accept": ["E"],
  "review.rename": ["Mod+E", "L", "Enter"],
  "audit.right": ["E", "A"],
  "review.fit": ["Mod+F", "F"],
  "review.full": ["Mod+0", "0"],
  "review.zoomIn": ["Mod++", "Mod+=", "+", "="],
  "review.zoomOut": ["Mod+-", "-"],
  "compare.nextImage": ["D", "ArrowRight"],
  "compare.previousImage": ["A", "ArrowLeft"],
  "compare.agreed": ["E"],
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
    // Backspace deletes in that tool, so it must not undo.
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
