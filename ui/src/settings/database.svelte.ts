/** The database that the library is published to. */
import type { PublicationOverview } from "../api/bindings";
import type { App } from "../state/app.svelte";

export class DatabaseSettings {
  readonly #app: App;

  /** Null until it is known. */
  overview = $state.raw<PublicationOverview | null>(null);
  isPublishing = $state(false);

  constructor(app: App) {
    this.#app = app;
  }

  async load(): Promise<void> {
    const overview = await this.#app.notices.attempt(() => this.#app.core.publication());
    if (overview) this.overview = overview;
  }

  /** Returns whether the connection string is kept. */
  async connect(text: string): Promise<boolean> {
    const isKept = await this.#app.notices.attempt(() => this.#app.core.connectDatabase(text));
    await this.load();
    return isKept !== undefined;
  }

  async disconnect(): Promise<void> {
    await this.#app.notices.attempt(() => this.#app.core.disconnectDatabase());
    await this.load();
  }

  /** A failure is part of the overview. */
  async publish(): Promise<void> {
    if (this.isPublishing) return;
    this.isPublishing = true;
    await this.#app.notices.attempt(() => this.#app.core.publish(false));
    this.isPublishing = false;
    await this.load();
  }
}
