/**
 * Key chords: "Mod+K", "Shift+N", "?". A chord names the typed character, not the position of the key, so that it
 * matches the keyboard's print. `Mod` is Ctrl, or Command on a Mac.
 */
import { words } from "../../messages";

export type Chord = string;

const isMac = typeof navigator !== "undefined" && /Mac/.test(navigator.userAgent);

/** Modifiers and dead keys. */
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

/** The chord of an event; null if it is incomplete or reserved by the desktop. */
export function chordOf(event: KeyboardEvent): Chord | null {
  if (event.isComposing || SILENT.has(event.key) || (event.metaKey && !isMac)) return null;
  const key = keyOf(event);
  const isCharacter = [...key].length === 1;
  const isLetter = isCharacter && key.toLowerCase() !== key.toUpperCase();
  // Many keyboards type "@" or "[" with AltGr, which then is neither Ctrl nor Alt.
  const typesWithAltGraph = isCharacter && event.getModifierState("AltGraph");
  return [
    ...(isCommand(event) && !typesWithAltGraph ? ["Mod"] : []),
    ...(isMac && event.ctrlKey ? ["Ctrl"] : []),
    ...(event.altKey && !typesWithAltGraph ? ["Alt"] : []),
    // Characters such as "?" already include Shift.
    ...(event.shiftKey && (isLetter || !isCharacter) ? ["Shift"] : []),
    key,
  ].join("+");
}

function keyOf(event: KeyboardEvent): string {
  if (event.key === " ") return "Space";
  if ([...event.key].length > 1) return event.key;
  // On non-Latin keyboards, letters stand for the Latin ones on the same keys.
  const isForeign = event.key.toLowerCase() !== event.key.toUpperCase() && !/[\p{Script=Latin}]/u.test(event.key);
  return isForeign && event.code.startsWith("Key") ? event.code.slice(3) : event.key.toUpperCase();
}

/** The keys of a chord as printed on this machine's keyboards. */
export function printed(chord: Chord): string[] {
  const names: Record<string, string | undefined> = words.actions.keyNames;
  const onMac: Record<string, string | undefined> = isMac ? { Mod: "⌘", Shift: "⇧", Alt: "⌥", Ctrl: "⌃" } : {};
  return partsOf(chord).map((part) => onMac[part] ?? names[part] ?? part);
}

/** A chord on one line, for tooltips. */
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

/** Editing chords of text fields; all other Ctrl chords reach the window even while typing. */
const EDITING = /^Mod\+(?:Shift\+)?(?:[ACVXYZ]|Arrow\w+|Backspace|Delete|Home|End|Space)$/u;
/** Keys that radio buttons, sliders and lists handle. */
const CHOOSING = /^(?:Shift\+)?(?:Arrow\w+|Home|End|PageUp|PageDown|Space|Enter)$/u;
const PRESSING = /^(?:Space|Enter)$/u;

/** The properties that decide which keys an element handles. */
type Control = Pick<HTMLInputElement, "tagName" | "type" | "isContentEditable">;

/** Whether the focused control handles this chord instead of the window. */
export function belongsToControl(chord: Chord, focused: EventTarget | null): boolean {
  const { tagName = "", type = "", isContentEditable = false } = (focused ?? {}) as Partial<Control>;
  if (tagName === "INPUT" && ["radio", "checkbox", "range"].includes(type)) return CHOOSING.test(chord);
  if (isContentEditable || ["INPUT", "SELECT", "TEXTAREA"].includes(tagName))
    return !chord.startsWith("Mod+") || EDITING.test(chord);
  return ["BUTTON", "A", "SUMMARY"].includes(tagName) && PRESSING.test(chord);
}
