/**
 * Keys as they are pressed together: "Mod+K", "Shift+N", "?". A chord names the character that is typed, not the place
 * of the key, so that it is what the keyboard has printed on it. `Mod` is Ctrl, or Command on a Mac.
 */
import { words } from "../../messages";

export type Chord = string;

const isMac = typeof navigator !== "undefined" && /Mac/.test(navigator.userAgent);

/** Keys that only change what others do, or that are only half of a character yet. */
const SILENT = new Set([
  "Alt",
  "AltGraph",
  "CapsLock",
  "Compose",
  "Control",
  "Dead",
  "Fn",
  "Meta",
  "NumLock",
  "Process",
  "Shift",
  "Unidentified",
]);

/** What was pressed; null while it is no whole chord, or one that belongs to the desktop. */
export function chordOf(event: KeyboardEvent): Chord | null {
  if (event.isComposing || SILENT.has(event.key) || (event.metaKey && !isMac)) return null;
  const key = keyOf(event);
  const isCharacter = [...key].length === 1;
  const isLetter = isCharacter && key.toLowerCase() !== key.toUpperCase();
  // AltGr is how many keyboards type "@" or "[": then neither Ctrl nor Alt is meant.
  const typesWithAltGraph = isCharacter && event.getModifierState("AltGraph");
  return [
    ...(isCommand(event) && !typesWithAltGraph ? ["Mod"] : []),
    ...(isMac && event.ctrlKey ? ["Ctrl"] : []),
    ...(event.altKey && !typesWithAltGraph ? ["Alt"] : []),
    // A sign such as "?" has Shift in it already.
    ...(event.shiftKey && (isLetter || !isCharacter) ? ["Shift"] : []),
    key,
  ].join("+");
}

function keyOf(event: KeyboardEvent): string {
  if (event.key === " ") return "Space";
  if ([...event.key].length > 1) return event.key;
  // Where a keyboard writes another alphabet, its letters stand for the Latin ones on the same keys.
  const isForeign = event.key.toLowerCase() !== event.key.toUpperCase() && !/[\p{Script=Latin}]/u.test(event.key);
  return isForeign && event.code.startsWith("Key") ? event.code.slice(3) : event.key.toUpperCase();
}

/** The keys of a chord as they are printed on this machine's keyboards. */
export function printed(chord: Chord): string[] {
  const names: Record<string, string | undefined> = words.actions.keyNames;
  const onMac: Record<string, string | undefined> = isMac ? { Mod: "⌘", Shift: "⇧", Alt: "⌥", Ctrl: "⌃" } : {};
  return partsOf(chord).map((part) => onMac[part] ?? names[part] ?? part);
}

/** A chord in one line, for titles. */
export function printedInLine(chord: Chord): string {
  return printed(chord).join(" ");
}

function partsOf(chord: Chord): string[] {
  // "+" itself may be the key.
  return chord.endsWith("+") ? [...chord.slice(0, -1).split("+").filter(Boolean), "+"] : chord.split("+");
}

/** Whether Ctrl, or Command on a Mac, is held. */
export function isCommand(event: KeyboardEvent | MouseEvent): boolean {
  return isMac ? event.metaKey : event.ctrlKey;
}

/** What a text field does with Ctrl; all else with Ctrl is the window's even while somebody types. */
const EDITING = /^Mod\+(?:Shift\+)?(?:[ACVXYZ]|Arrow\w+|Backspace|Delete|Home|End|Space)$/u;
/** What radio buttons, sliders and lists do by themselves. */
const CHOOSING = /^(?:Shift\+)?(?:Arrow\w+|Home|End|PageUp|PageDown|Space|Enter)$/u;
const PRESSING = /^(?:Space|Enter)$/u;

/** What of an element says which keys it takes itself. */
type Control = Pick<HTMLInputElement, "tagName" | "type" | "isContentEditable">;

/** Whether a chord is for the control that has the focus, and not for the window. */
export function belongsToControl(chord: Chord, focused: EventTarget | null): boolean {
  const { tagName = "", type = "", isContentEditable = false } = (focused ?? {}) as Partial<Control>;
  if (tagName === "INPUT" && ["radio", "checkbox", "range"].includes(type)) return CHOOSING.test(chord);
  if (isContentEditable || ["INPUT", "SELECT", "TEXTAREA"].includes(tagName))
    return !chord.startsWith("Mod+") || EDITING.test(chord);
  return ["BUTTON", "A", "SUMMARY"].includes(tagName) && PRESSING.test(chord);
}
