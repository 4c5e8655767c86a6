/** Undo and redo outside of review: the latest step on any image, or a whole bulk edit. */
import type { Step } from "../api/bindings";
import { words } from "../messages";
import type { App } from "./app.svelte";

/** Shows a notice about a bulk edit that offers undo until the next change. */
export function notifyUndoable(app: App, text: string): void {
  app.removals = [];
  app.notices.show(text, "good", { label: words.checks.undo, do: () => void undoLatest(app), isForHere: true });
}

/** Something that was removed from the library and can be restored. */
interface Removal {
  removed: string;
  restored: string;
  restore: () => Promise<unknown>;
}

/** Shows a notice about a removal. Its button and Ctrl+Z restore what was removed. */
export function offerRestore(app: App, { removed, restored, restore }: Removal): void {
  const undo = async (): Promise<void> => {
    app.removals = app.removals.filter((each) => each !== undo);
    app.notices.list = app.notices.list.filter(({ text }) => text !== removed);
    const isBack = await app.notices.attempt(() => restore().then(() => true));
    if (isBack) app.notices.show(restored);
  };
  app.removals.push(undo);
  app.notices.show(removed, "good", { label: words.checks.undo, do: () => void undo() });
}

export async function undoLatest(app: App): Promise<void> {
  dismissOffers(app);
  const removal = app.removals.pop();
  if (removal !== undefined) {
    await removal();
    return;
  }
  const step = await app.notices.attempt(() => app.core.undoLatest());
  if (step !== undefined) showStep(app, step, words.checks.undone, words.checks.undoneOn, words.review.nothingToUndo);
}

export async function redoLatest(app: App): Promise<void> {
  dismissOffers(app);
  const step = await app.notices.attempt(() => app.core.redoLatest());
  if (step !== undefined) showStep(app, step, words.checks.redone, words.checks.redoneOn, words.review.nothingToRedo);
}

/** The offered undo is no longer the latest step. */
function dismissOffers(app: App): void {
  app.notices.list = app.notices.list.filter(({ action }) => !action?.isForHere);
}

function showStep(
  app: App,
  step: Step | null,
  onMany: (images: number) => string,
  onOne: (image: string) => string,
  nothing: string,
): void {
  if (step === null) app.notices.show(nothing);
  else app.notices.show(step.others > 0 ? onMany(step.others + 1) : onOne(step.image.name));
}
