/** Moves focus to a screen when it appears. Otherwise Space would press the clicked tab again. */
export function takeFocus(element: HTMLElement): void {
  // An open dialog, such as a tour step, keeps focus.
  if (document.activeElement?.closest("[role='dialog']")) return;
  if (!element.contains(document.activeElement)) element.focus({ preventScroll: true });
}

/**
 * Opens a modal dialog; returns a function that closes it and restores focus. If the previous element is gone, focus
 * goes to the screen: in WebKit, Tab does nothing on a page without focus.
 */
export function openModal(dialog: HTMLDialogElement): () => void {
  const before = document.activeElement;
  dialog.showModal();
  return () => {
    if (dialog.open) dialog.close();
    // Another dialog may be open by now, or may have focus.
    if (document.querySelector("dialog[open]") || isUsable(document.activeElement)) return;
    const back = isUsable(before) ? before : document.querySelector("main");
    back?.focus({ preventScroll: true });
  };
}

function isUsable(element: Element | null): element is HTMLElement {
  if (!(element instanceof HTMLElement) || element === document.body || !element.isConnected) return false;
  return element.checkVisibility() && !element.closest("dialog:not([open])");
}
