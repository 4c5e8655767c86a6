/**
 * Takes the keyboard when a screen appears. Otherwise the tab that was clicked keeps it: Space would press that tab
 * again instead of doing what it does on the screen.
 */
export function takeFocus(element: HTMLElement): void {
  // What is open over the screen, such as a step of the tour, keeps it.
  if (document.activeElement?.closest("[role='dialog']")) return;
  if (!element.contains(document.activeElement)) element.focus({ preventScroll: true });
}

/**
 * Opens a modal dialog; returns what closes it and gives the keyboard back to where it was. Where that is gone or was
 * nowhere, it goes to the screen: in WebKit, Tab does nothing from a page that has no focus.
 */
export function openModal(dialog: HTMLDialogElement): () => void {
  const before = document.activeElement;
  dialog.showModal();
  return () => {
    if (dialog.open) dialog.close();
    // Something else may be open by now, or may have taken the keyboard.
    if (document.querySelector("dialog[open]") || isUsable(document.activeElement)) return;
    const back = isUsable(before) ? before : document.querySelector("main");
    back?.focus({ preventScroll: true });
  };
}

function isUsable(element: Element | null): element is HTMLElement {
  if (!(element instanceof HTMLElement) || element === document.body || !element.isConnected) return false;
  return element.checkVisibility() && !element.closest("dialog:not([open])");
}
