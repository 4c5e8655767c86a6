/** Searches actions by name or key. */
import { words } from "../../messages";
import { printed } from "./chords";
import type { Keymap } from "./keymap.svelte";
import { type ActionId, type Place, PLACES, placeOf } from "./table";

function actionsNamed(text: string, ids: readonly ActionId[], keymap: Keymap): ActionId[] {
  const wanted = folded(text.trim());
  if (wanted === "") return [...ids];
  return ids.filter((id) => {
    const keys = keymap.keysOf(id).map((chord) => folded(printed(chord).join(" ")));
    return folded(words.actions.titles[id]).includes(wanted) || keys.some((key) => key.split(" ").includes(wanted));
  });
}

/** The same, grouped by screen; empty groups are omitted. */
export function actionsByPlace(
  text: string,
  ids: readonly ActionId[],
  keymap: Keymap,
): { place: Place; ids: ActionId[] }[] {
  const named = actionsNamed(text, ids, keymap);
  return PLACES.map((place) => ({ place, ids: named.filter((id) => placeOf(id) === place) })).filter(
    ({ ids }) => ids.length > 0,
  );
}

/** Strips accents and case for searching. */
function folded(text: string): string {
  return text.normalize("NFD").replaceAll(/\p{M}/gu, "").toLowerCase();
}
