/** Width of the sidebar: the default, or as the user set it. */
import { keep, recall } from "../state/kept";

export const SIDEBAR_WIDTHS = { least: 176, most: 400, step: 16 };

export class SidebarWidth {
  #chosen = $state(recall("sidebar", isSidebarWidth));

  /** In CSS pixels, remembered; null is the default. */
  get chosen(): number | null {
    return this.#chosen;
  }

  set chosen(width: number | null) {
    const { least, most } = SIDEBAR_WIDTHS;
    this.#chosen = width === null ? null : Math.round(Math.min(most, Math.max(least, width)));
    keep("sidebar", this.#chosen);
  }
}

function isSidebarWidth(value: unknown): value is number {
  return typeof value === "number" && value >= SIDEBAR_WIDTHS.least && value <= SIDEBAR_WIDTHS.most;
}
