/** Files and folders that are dragged over the window, as from a file manager. */
import type { CDPSession, Page } from "playwright-core";

export class Dragging {
  readonly #session: CDPSession;
  readonly #paths: string[];

  private constructor(session: CDPSession, paths: string[]) {
    this.#session = session;
    this.#paths = paths;
  }

  /** Begins with the pointer over the middle of the window. */
  static async begin(page: Page, paths: string[]): Promise<Dragging> {
    const dragging = new Dragging(await page.context().newCDPSession(page), paths);
    await dragging.#dispatch("dragEnter");
    await dragging.#dispatch("dragOver");
    return dragging;
  }

  async drop(): Promise<void> {
    await this.#dispatch("drop");
    await this.#session.detach();
  }

  async #dispatch(type: "dragEnter" | "dragOver" | "drop"): Promise<void> {
    const data = { items: [], files: this.#paths, dragOperationsMask: 1 };
    await this.#session.send("Input.dispatchDragEvent", { type, x: 400, y: 300, data });
  }
}
