/** The user's settings, as the core has them. */
import type { Settings } from "../api/bindings";
import type { Core } from "../api/core";
import type { Notices } from "./notices.svelte";

export class SettingsState {
  current = $state.raw<Settings>({ theme: "dark", writes_metrics: false });
  /** The desktop's theme, used if the user chose "System". */
  isDesktopLight = $state(false);
  readonly isLight = $derived(this.current.theme === "light" || (this.current.theme !== "dark" && this.isDesktopLight));

  readonly #core: Core;
  readonly #notices: Notices;
  readonly #saved: (changed: Partial<Settings>) => Promise<void>;
  /** Changes that are being saved. */
  #savingCount = 0;
  /** Settles with the latest of them: they are saved in order, so that the last answer includes all. */
  #latest: Promise<unknown> = Promise.resolve();

  /** `saved` is called after settings were saved here or changed elsewhere. */
  constructor(core: Core, notices: Notices, saved: (changed: Partial<Settings>) => Promise<void>) {
    this.#core = core;
    this.#notices = notices;
    this.#saved = saved;
  }

  async load(): Promise<void> {
    await this.#notices.attempt(async () => (this.current = await this.#core.settings()));
  }

  /** Returns whether they were saved. */
  async save(changed: Partial<Settings>): Promise<boolean> {
    const before = this.current;
    const after = { ...before, ...changed };
    this.current = after;
    this.#savingCount += 1;
    const saving = this.#latest.then(() => this.#notices.attempt(() => this.#core.changeSettings(before, after)));
    this.#latest = saving;
    const saved = await saving;
    this.#savingCount -= 1;
    // Includes changes by others since, unless this window changed settings again meanwhile.
    if (this.current === after) this.current = saved ?? before;
    if (saved) await this.#saved(changed);
    return saved !== undefined;
  }

  /** Takes in what a text editor or another process has changed. */
  async refresh(): Promise<void> {
    const before = this.current;
    const settings = await this.#notices.attempt(() => this.#core.settings());
    // What was read may be older than a change that is being saved, whose answer includes everything.
    if (this.#savingCount > 0) return;
    if (this.current !== before) return this.refresh();
    if (!settings || JSON.stringify(settings) === JSON.stringify(this.current)) return;
    this.current = settings;
    await this.#saved(settings);
  }
}
