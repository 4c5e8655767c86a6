/**
 * All actions with their default keys: the only list of keys. Names are in the catalogue (`actions`), behavior is
 * registered by screens (`Actions`), and user changes are in the `Keymap`. The keys of screens come from `SCREENS`.
 */
import { forScreenActions, SCREENS } from "../screens";
import type { Chord } from "./chords";

interface Entry {
  /** "Arrows" and "1–6" stand for several keys; the handler receives the pressed one. */
  keys: readonly Chord[];
  /** Whether it repeats while the key is held. */
  repeats?: true;
  /** A key of the platform or of a control: listed, but not configurable. */
  isFixed?: true;
  /**
   * When it applies: actions with different conditions do not conflict. Keys of `drawing` have priority; `unselected`
   * ones yield to the selection's.
   */
  when?: "drawing" | "selected" | "unselected";
  /** Whether it changes the library or the settings, which cannot be done read-only. */
  changes?: true;
  /** Hidden from the palette: it only makes sense by keyboard. */
  isHidden?: true;
}

export const TABLE = {
  "everywhere.palette": { keys: ["Mod+K"], isHidden: true },
  "everywhere.shortcuts": { keys: ["?"] },
  ...forScreenActions((screen) => ({ keys: SCREENS[screen].keys })),
  "everywhere.folders": { keys: ["Mod+O"], changes: true },
  "everywhere.files": { keys: [], changes: true },
  "everywhere.export": { keys: ["Mod+Shift+E"] },
  "everywhere.import": { keys: ["Mod+Shift+I"] },
  "everywhere.samples": { keys: [], changes: true },
  "everywhere.theme": { keys: [], changes: true },
  "everywhere.keyboard": { keys: [] },
  "everywhere.tour": { keys: [] },
  "everywhere.undo": { keys: ["Mod+Z"], repeats: true, changes: true },
  "everywhere.redo": { keys: ["Mod+Shift+Z", "Mod+Y"], repeats: true, changes: true },
  "everywhere.escape": { keys: ["Escape"], isFixed: true, isHidden: true },

  "library.move": { keys: ["Arrows"], isFixed: true, isHidden: true },
  "library.extend": { keys: ["Shift+Arrows"], isFixed: true, isHidden: true },
  "library.open": { keys: ["Enter"] },
  "library.toggle": { keys: ["Space"], isHidden: true },
  "library.all": { keys: ["Mod+A"] },
  "library.none": { keys: ["Escape"], isFixed: true },
  "library.larger": { keys: ["+", "="], repeats: true },
  "library.smaller": { keys: ["-", "_"], repeats: true },
  "library.hide": { keys: ["H"] },
  "library.search": { keys: ["/"] },
  "library.plan": { keys: ["Mod+Enter"] },
  "library.reverse": { keys: ["R"] },
  "library.info": { keys: ["I"] },
  "library.remove": { keys: ["Delete"], changes: true },
  "library.menu": { keys: ["Shift+F10", "ContextMenu"], isFixed: true, isHidden: true },

  "plan.model": { keys: ["ArrowUp", "ArrowDown"], isFixed: true, isHidden: true },
  "plan.start": { keys: ["Mod+Enter"], changes: true },

  "plan.editRecipe": { keys: ["Mod+E"] },
  "plan.newRecipe": { keys: [], changes: true },

  "recipe.save": { keys: ["Mod+S"], changes: true },
  "recipe.leave": { keys: ["Escape"], isFixed: true },

  "run.pause": { keys: ["Space"], changes: true },

  "review.accept": { keys: ["A"], changes: true },
  "review.reject": { keys: ["X"], changes: true },
  "review.reason": { keys: ["1–6"], isFixed: true, isHidden: true, changes: true },
  "review.label": { keys: ["1–9"], isFixed: true, isHidden: true, changes: true },
  "review.skip": { keys: ["S"] },
  "review.finish": { keys: ["Enter"], isFixed: true, when: "drawing", changes: true },
  "review.cornerBack": { keys: ["Backspace"], isFixed: true, when: "drawing", isHidden: true, changes: true },
  "review.undo": { keys: ["Backspace"], changes: true },
  "review.nextAnnotation": { keys: ["N"], repeats: true },
  "review.previousAnnotation": { keys: ["Shift+N"], repeats: true },
  "review.selectAll": { keys: ["Mod+A"] },
  "review.extend": { keys: ["Shift+Enter"], isFixed: true, isHidden: true },
  "review.deselect": { keys: ["Escape"], isFixed: true },
  "review.select": { keys: ["V"] },
  "review.box": { keys: ["B"], changes: true },
  "review.polygon": { keys: ["P"], changes: true },
  "review.point": { keys: ["O"], changes: true },
  "review.tag": { keys: ["T"], changes: true },
  "review.caption": { keys: ["C"], changes: true },
  "review.rename": { keys: ["L", "Enter"], when: "selected", changes: true },
  "review.nudge": { keys: ["Arrows"], repeats: true, isFixed: true, isHidden: true, when: "selected", changes: true },
  "review.nudgeFar": {
    keys: ["Shift+Arrows"],
    repeats: true,
    isFixed: true,
    isHidden: true,
    when: "selected",
    changes: true,
  },
  "review.nextCorner": { keys: ["G"], repeats: true, when: "selected" },
  "review.previousCorner": { keys: ["Shift+G"], repeats: true, when: "selected" },
  "review.insertCorner": { keys: ["I"], when: "selected", changes: true },
  "review.duplicate": { keys: ["Mod+D"], when: "selected", changes: true },
  "review.remove": { keys: ["Delete"], when: "selected", changes: true },
  "review.undoHere": { keys: [], changes: true },
  "review.redoHere": { keys: [], changes: true },
  "review.nextImage": { keys: ["ArrowRight"], repeats: true, when: "unselected" },
  "review.previousImage": { keys: ["ArrowLeft"], repeats: true, when: "unselected" },
  "review.fit": { keys: ["F"] },
  "review.full": { keys: ["0"] },
  "review.zoomIn": { keys: ["+", "="], repeats: true },
  "review.zoomOut": { keys: ["-", "_"], repeats: true },
  "review.zoomToAnnotation": { keys: ["Z"], when: "selected" },
  "review.hide": { keys: ["H"] },
  "review.brighter": { keys: ["Shift+L"], repeats: true },
  "review.darker": { keys: ["Shift+D"], repeats: true },
  "review.repair": { keys: ["M"], changes: true },
  "review.pan": { keys: ["Space"], isFixed: true, isHidden: true },
  "review.acceptAbove": { keys: ["Mod+Shift+A"], changes: true },
  "review.info": { keys: ["I"], when: "unselected" },
  "review.menu": { keys: ["Shift+F10", "ContextMenu"], isFixed: true, isHidden: true },

  "audit.right": { keys: ["A"], changes: true },
  "audit.wrong": { keys: ["X"], changes: true },
  "audit.reason": { keys: ["1", "2", "3", "4", "5", "6"], isFixed: true, isHidden: true, changes: true },
  "audit.takeBack": { keys: ["Backspace"], changes: true },
  "audit.whole": { keys: ["F"] },
  "audit.full": { keys: ["0"] },
  "audit.zoomIn": { keys: ["+", "="], repeats: true },
  "audit.zoomOut": { keys: ["-", "_"], repeats: true },
  "audit.zoomToAnnotation": { keys: ["Z"] },
  "audit.hide": { keys: ["H"] },
  "audit.pan": { keys: ["Space"], isFixed: true, isHidden: true },
  "audit.leave": { keys: ["Escape"], isFixed: true },

  "compare.first": { keys: ["1"], changes: true },
  "compare.second": { keys: ["2"], changes: true },
  "compare.both": { keys: ["3"], changes: true },
  "compare.neither": { keys: ["X"], changes: true },
  "compare.agreed": { keys: ["A"], changes: true },
  "compare.skip": { keys: ["S"] },
  "compare.undo": { keys: ["Backspace"], changes: true },
  "compare.nextPair": { keys: ["N", "ArrowDown"], repeats: true },
  "compare.previousPair": { keys: ["Shift+N", "ArrowUp"], repeats: true },
  "compare.nextImage": { keys: ["ArrowRight"], repeats: true },
  "compare.previousImage": { keys: ["ArrowLeft"], repeats: true },
  "compare.fit": { keys: ["F"] },
  "compare.full": { keys: ["0"] },
  "compare.zoomIn": { keys: ["+", "="], repeats: true },
  "compare.zoomOut": { keys: ["-", "_"], repeats: true },
  "compare.hide": { keys: ["H"] },
  "compare.pan": { keys: ["Space"], isFixed: true, isHidden: true },
  "compare.leave": { keys: ["Escape"], isFixed: true },

  "history.previous": { keys: ["ArrowUp"], repeats: true },
  "history.next": { keys: ["ArrowDown"], repeats: true },
  "history.open": { keys: ["Enter"] },
  "history.compare": { keys: ["C"] },
  "history.beside": { keys: ["B"] },
  "history.evaluate": { keys: ["E"] },

  "evaluate.previous": { keys: ["ArrowUp"], repeats: true },
  "evaluate.next": { keys: ["ArrowDown"], repeats: true },
  "evaluate.lower": { keys: ["["], repeats: true },
  "evaluate.higher": { keys: ["]"], repeats: true },
  "evaluate.leave": { keys: ["Escape"], isFixed: true },
} as const satisfies Record<string, Entry>;

export type ActionId = keyof typeof TABLE;

/** Where an action applies: on one screen, or everywhere. */
export type Place = PlaceOf<ActionId>;
type PlaceOf<Id> = Id extends `${infer Where}.${string}` ? Where : never;

export const ACTION_IDS = Object.keys(TABLE) as ActionId[];
export const PLACES = [...new Set(ACTION_IDS.map(placeOf))];

export function entryOf(id: ActionId): Entry {
  return TABLE[id];
}

export function placeOf(id: ActionId): Place {
  return id.slice(0, id.indexOf(".")) as Place;
}

export function isAction(name: string): name is ActionId {
  return Object.hasOwn(TABLE, name);
}
