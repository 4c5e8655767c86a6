/** Where the window runs: in the desktop app or in a browser. */
import type { FrontEndInfo } from "../ipc/bindings";
import type { Seam } from "../ipc/seam";

export class FrontEnd {
  /** Null until the core has answered. */
  info = $state.raw<FrontEndInfo | null>(null);
  /** Whether the system's file manager and dialogs are available. */
  readonly isDesktop = $derived(this.info?.is_desktop ?? false);

  readonly #seam: Seam;

  constructor(seam: Seam) {
    this.#seam = seam;
  }

  async load(): Promise<void> {
    this.info = await this.#seam.frontEnd();
  }
}
