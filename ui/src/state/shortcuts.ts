/** Which keys do what, for the sheet of shortcuts and the hints in the status bar. The handlers are with their screens. */
import { words } from "../messages";
import type { Screen } from "./app.svelte";

export interface Shortcut {
  /** Pressed together, as they are printed on a keyboard. `Mod` is Ctrl, or Command on a Mac. */
  keys: string[];
  what: string;
  /** In a word or two, for the status bar of its screen; without it the sheet alone has it. */
  hint?: string;
}

export type ShortcutGroup = "everywhere" | Exclude<Screen, "settings">;

export const shortcuts: Record<ShortcutGroup, Shortcut[]> = {
  everywhere: [
    { keys: ["Mod", "1 to 5"], what: words.frame.keys.screens },
    { keys: ["Mod", "O"], what: words.frame.keys.chooseFolders },
    { keys: ["?"], what: words.frame.keys.shortcuts },
    { keys: ["Esc"], what: words.frame.keys.escape },
  ],
  library: [
    { keys: ["Arrows"], what: words.library.keys.move },
    { keys: ["Enter"], what: words.library.keys.open, hint: words.library.keys.openHint },
    { keys: ["Space"], what: words.library.keys.toggle },
    { keys: ["Shift", "Arrows"], what: words.library.keys.extend },
    { keys: ["Mod", "A"], what: words.library.keys.all },
    { keys: ["+", "-"], what: words.library.keys.size },
    { keys: ["/"], what: words.library.keys.search, hint: words.library.keys.searchHint },
    { keys: ["Mod", "Enter"], what: words.library.keys.plan },
  ],
  plan: [
    { keys: ["Up", "Down"], what: words.plan.keys.model },
    { keys: ["Mod", "Enter"], what: words.plan.keys.start, hint: words.plan.keys.startHint },
  ],
  run: [{ keys: ["Space"], what: words.run.keys.pause, hint: words.run.keys.pauseHint }],
  review: [
    { keys: ["A"], what: words.review.keys.accept, hint: words.review.keys.acceptHint },
    { keys: ["X"], what: words.review.keys.reject, hint: words.review.keys.rejectHint },
    { keys: ["1", "6"], what: words.review.keys.reason },
    { keys: ["S"], what: words.review.keys.skip },
    { keys: ["Backspace"], what: words.review.keys.undo, hint: words.review.keys.undoHint },
    { keys: ["N"], what: words.review.keys.nextMark, hint: words.review.keys.nextMarkHint },
    { keys: ["Shift", "N"], what: words.review.keys.previousMark },
    { keys: ["Esc"], what: words.review.keys.deselect },
    { keys: ["Left", "Right"], what: words.review.keys.images },
    { keys: ["F"], what: words.review.keys.fit, hint: words.review.keys.fitHint },
    { keys: ["0"], what: words.review.keys.full },
    { keys: ["+", "-"], what: words.review.keys.zoom },
    { keys: ["H"], what: words.review.keys.hide, hint: words.review.keys.hideHint },
    { keys: ["Space"], what: words.review.keys.pan },
  ],
  history: [
    { keys: ["Up", "Down"], what: words.history.keys.move, hint: words.history.keys.moveHint },
    { keys: ["Enter"], what: words.history.keys.open, hint: words.history.keys.openHint },
  ],
};

const isMac = typeof navigator !== "undefined" && /Mac/.test(navigator.userAgent);

/** A key as it is printed on this machine's keyboards. */
export function keyName(key: string): string {
  return key === "Mod" ? (isMac ? "⌘" : words.frame.keyNames.control) : key;
}

/** Whether the person types: then keys without Ctrl belong to the field. */
export function isTyping(event: KeyboardEvent): boolean {
  const target = event.target;
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || ["INPUT", "SELECT", "TEXTAREA"].includes(target.tagName);
}

/** Whether a printed character would go into a field. Unlike `isTyping` this lets radio buttons and sliders be. */
export function takesText(event: KeyboardEvent): boolean {
  const { target } = event;
  const isChoice = target instanceof HTMLInputElement && ["radio", "checkbox", "range"].includes(target.type);
  return isTyping(event) && !isChoice;
}

/** Whether Ctrl, or Command on a Mac, is held. */
export function isCommand(event: KeyboardEvent | MouseEvent): boolean {
  return (isMac ? event.metaKey : event.ctrlKey) && !event.altKey;
}
