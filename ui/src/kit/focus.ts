/**
 * Takes the keyboard when a screen appears. Otherwise the tab that was clicked keeps it: Space would press that tab
 * again instead of doing what it does on the screen.
 */
export function takeFocus(element: HTMLElement): void {
  // What is open over the screen, such as a step of the tour, keeps it.
  if (document.activeElement?.closest("[role='dialog']")) return;
  if (!element.contains(document.activeElement)) element.focus({ preventScroll: true });
}
