/** Servers of models at their usual ports of the machine where the core runs, which could be used. */
import type { LocalServer } from "../api/bindings";
import type { App } from "./app.svelte";

export class LocalServers {
  found = $state.raw<readonly LocalServer[]>([]);
  /** The address that is being set. */
  beginning = $state<string | null>(null);

  readonly #app: App;

  /** Those that are not in use. */
  readonly unused = $derived(this.found.filter(({ is_used }) => !is_used));
  /** Those that would take the place of no other server. */
  readonly offered = $derived(
    this.unused.filter(({ provider }) => this.#app.connections.to(provider)?.base_url_from === "default"),
  );

  constructor(app: App) {
    this.#app = app;
  }

  /** Asks their ports. Only when the user looks at what could be used. */
  async look(): Promise<void> {
    if (this.#app.frontEnd.isReadOnly) return;
    const found = await this.#app.notices.attempt(() => this.#app.core.localServers());
    if (found) this.found = found;
  }

  async use({ provider, base_url }: LocalServer): Promise<void> {
    this.beginning = base_url;
    await this.#app.notices.attempt(() => this.#app.core.useLocalServer(provider, base_url));
    await this.#app.settings.refresh();
    await Promise.all([this.#app.connections.load(), this.look()]);
    this.beginning = null;
  }
}
