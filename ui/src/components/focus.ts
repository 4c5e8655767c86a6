/** Where focus goes when a screen appears and when a dialog closes. */

/** A modal dialog that is open. */
const MODAL = "[aria-modal='true'][data-state='open']";

export function isModalOpen(): boolean {
  return document.querySelector(MODAL) !== null;
}

/** Moves focus to a screen when it appears. Otherwise Space would press the clicked tab again. */
export function takeFocus(element: HTMLElement): void {
  // An open dialog, such as a tour step, keeps focus.
  if (document.activeElement?.closest("[role='dialog']")) return;
  if (!element.contains(document.activeElement)) element.focus({ preventScroll: true });
}

/**
 * Returns focus to the element that had it before a dialog opened. If that element is gone, focus goes to the screen:
 * in WebKit, Tab does nothing on a page without focus.
 */
export class FocusReturn {
  #before: Element | null = null;

  /** Called when a dialog opens, before it makes the window inert: an inert element loses focus at the next frame. */
  remember(): void {
    if (isUsable(document.activeElement)) this.#before = document.activeElement;
  }

  restore(): void {
    const before = this.#before;
    this.#before = null;
    // Another dialog may be open by now, or another element may have focus.
    if (isModalOpen() || isUsable(document.activeElement)) return;
    const back = isUsable(before) ? before : document.querySelector("main");
    back?.focus({ preventScroll: true });
  }
}

/** Whether an event is on a notice, which is above everything and closes nothing. */
export function isOnNotice({ target }: Event): boolean {
  return target instanceof Element && target.closest(".toasts") !== null;
}

function isUsable(element: Element | null): element is HTMLElement {
  if (!(element instanceof HTMLElement) || element === document.body || !element.isConnected) return false;
  if (element.matches(":disabled")) return false;
  return element.checkVisibility() && !element.closest("[aria-modal='true'][data-state='closed']");
}

/** Dialogs that are open. */
let holds = 0;

/** Makes the window inert while a dialog is open. Returns the function that ends this. */
export function holdWindow(): () => void {
  const window = document.querySelector<HTMLElement>(".window");
  let isHeld = true;
  holds += 1;
  if (window) window.inert = true;
  return () => {
    if (!isHeld) return;
    isHeld = false;
    holds -= 1;
    if (window && holds === 0) window.inert = false;
  };
}
