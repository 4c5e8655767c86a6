/**
 * Where the key of a server is, and the handing over of another one. A key passes through `keep` and stays in no field of
 * anything here: the window can hand one over, and ask where one is kept, and no more.
 */
import type { KeyPlace } from "../api/bindings";
import type { App } from "../state/app.svelte";

export class KeyKeeper {
  readonly #app: App;
  /** The id of the provider. */
  readonly #provider: string;
  readonly #baseUrl: string | null;
  readonly #place: () => KeyPlace | null | undefined;

  /** Whether a new key is being typed in place of the one there is. */
  isReplacing = $state(false);
  readonly hasOwnKey = $derived.by(() => this.#place() === "keychain" || this.#place() === "session");
  readonly mayEnterKey = $derived.by(() => this.#place() === null || (this.hasOwnKey && this.isReplacing));

  /** `baseUrl`: of an additional endpoint; null for the server of the connection. */
  constructor(app: App, provider: string, baseUrl: string | null, place: () => KeyPlace | null | undefined) {
    this.#app = app;
    this.#provider = provider;
    this.#baseUrl = baseUrl;
    this.#place = place;
  }

  /** Whether the key was kept. */
  async keep(key: string): Promise<boolean> {
    const overview = await this.#app.notices.attempt(() => this.#app.core.keepKey(this.#provider, this.#baseUrl, key));
    if (!overview) return false;
    this.#app.connections.overview = overview;
    this.isReplacing = false;
    return true;
  }

  async forget(): Promise<void> {
    const overview = await this.#app.notices.attempt(() => this.#app.core.forgetKey(this.#provider, this.#baseUrl));
    if (!overview) return;
    this.#app.connections.overview = overview;
    this.isReplacing = false;
  }
}
