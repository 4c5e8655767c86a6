/** Work on many images at once can be taken back at once. */
import { words } from "../messages";
import type { App } from "../state/app.svelte";

/** Tells what was done, and offers to take it back for as long as nobody can have done anything else. */
export function tellUndoable(app: App, text: string): void {
  app.tell(text, "good", { label: words.checks.undo, do: () => void takeBack(app), isForHere: true });
}

async function takeBack(app: App): Promise<void> {
  const step = await app.attempt(() => app.seam.undoLatest());
  if (step) app.tell(words.checks.undone(step.others + 1));
}
