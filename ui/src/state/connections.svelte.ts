/** The connections to providers, and their settings. */
import type { Connection, ConnectionOverview, ProviderSettings, Settings } from "../api/bindings";
import type { Core } from "../api/core";
import type { Notices } from "./notices.svelte";
import type { SettingsState } from "./settings.svelte";

/** Whether anything can leave this machine, and why; `unknown` until the core has answered. */
export type Privacy = "unknown" | "locked" | "nothing_set_up" | "key";

/** Settings that connections are made of. */
const CONNECTION_SETTINGS: readonly (keyof Settings)[] = ["providers", "run", "agreed_hosts", "is_local_only"];

export class Connections {
  /** The connections to all providers; null until the core has answered. */
  overview = $state.raw<ConnectionOverview | null>(null);

  readonly #core: Core;
  readonly #notices: Notices;
  readonly #settings: SettingsState;

  constructor(core: Core, notices: Notices, settings: SettingsState) {
    this.#core = core;
    this.#notices = notices;
    this.#settings = settings;
  }

  get privacy(): Privacy {
    if (this.#settings.current.is_local_only) return "locked";
    if (this.overview === null) return "unknown";
    return this.overview.connections.every(({ key }) => key === null) ? "nothing_set_up" : "key";
  }

  async load(): Promise<void> {
    await this.#notices.attempt(async () => (this.overview = await this.#core.connections()));
  }

  /** Reloads if connections are made of what has changed. */
  async settingsChanged(changed: Partial<Settings>): Promise<void> {
    if (CONNECTION_SETTINGS.some((name) => name in changed)) await this.load();
  }

  /** The connection to the provider with this id; null until the core has answered. */
  to(provider: string): Connection | null {
    return this.overview?.connections.find((connection) => connection.provider.id === provider) ?? null;
  }

  /** What is set for the provider with this id. */
  settingsOf(id: string): ProviderSettings {
    return this.#settings.current.providers?.find((provider) => provider.id === id) ?? { id };
  }

  /** Returns whether it was saved. */
  save(id: string, changed: Partial<ProviderSettings>): Promise<boolean> {
    const others = this.#settings.current.providers ?? [];
    const after = { ...this.settingsOf(id), ...changed };
    const isKnown = others.some((provider) => provider.id === id);
    const providers = isKnown ? others.map((provider) => (provider.id === id ? after : provider)) : [...others, after];
    return this.#settings.save({ providers });
  }
}
