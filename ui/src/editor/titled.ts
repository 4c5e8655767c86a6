/** Tooltip of a button: its name and key. */
import { words } from "../messages";
import { printedInLine } from "../state/actions/chords";
import type { Keymap } from "../state/actions/keymap.svelte";
import type { ActionId } from "../state/actions/table";

export function titled(keymap: Keymap, title: string, action: ActionId): string {
  const [chord] = keymap.keysOf(action);
  return chord === undefined ? title : words.review.withKey(title, printedInLine(chord));
}
