/** Opens the context menu of an element from the keyboard: at a point, or in its middle. */
export function openMenu(element: Element | null, at?: { x: number; y: number }): void {
  if (element === null) return;
  const { left, top, width, height } = element.getBoundingClientRect();
  const { x, y } = at ?? { x: left + width / 2, y: top + height / 2 };
  element.dispatchEvent(new MouseEvent("contextmenu", { bubbles: true, cancelable: true, clientX: x, clientY: y }));
}
