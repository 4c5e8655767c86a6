/** What this window runs in: the desktop app, or a browser on `fieldmark serve`; and whether it reaches the core. */
import type { FrontEndInfo } from "../api/bindings";
import type { Reach, Core } from "../api/core";
import { place } from "../messages/place.svelte";
import type { Actions } from "./actions/actions.svelte";
import type { Notices } from "./notices.svelte";

export class FrontEnd {
  /** Null until the core has answered. */
  #info = $state.raw<FrontEndInfo | null>(null);
  reach = $state<Reach>("connected");

  readonly #core: Core;
  readonly #notices: Notices;
  readonly #actions: Actions;

  constructor(core: Core, notices: Notices, actions: Actions) {
    this.#core = core;
    this.#notices = notices;
    this.#actions = actions;
    place.isServer = !this.isDesktop;
    core.browser?.onReach((reach) => {
      this.reach = reach;
      // The server may have been started again, with other options.
      if (reach === "connected") void this.load();
    });
  }

  /** Whether there are the system's dialogs, its file manager, and dragging files out of the window. */
  get isDesktop(): boolean {
    return this.#info?.is_desktop ?? this.#core.browser === null;
  }

  /** Whether everything that changes the library is refused. */
  get isReadOnly(): boolean {
    return this.#info?.is_read_only ?? false;
  }

  /** Whether the program ended unexpectedly before this start. */
  get endedUnexpectedly(): boolean {
    return this.#info?.ended_unexpectedly ?? false;
  }

  /** The folders of the server from which a browser may import. */
  get roots(): readonly string[] {
    return this.#info?.roots ?? [];
  }

  async load(): Promise<void> {
    const info = await this.#notices.attempt(() => this.#core.frontEnd());
    if (!info) return;
    this.#info = info;
    place.isServer = !info.is_desktop;
    this.#actions.isReadOnly = info.is_read_only;
  }
}
