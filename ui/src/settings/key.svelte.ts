/**
 * Where the key of a server is, and the handing over of another one. A key passes through `keep` and stays in no field of
 * anything here: the window can hand one over, and ask where one is kept, and no more.
 */
import type { KeyPlace } from "../ipc/bindings";
import type { App } from "../state/app.svelte";

export class KeyKeeper {
  readonly #app: App;
  readonly #baseUrl: string | null;
  readonly #place: () => KeyPlace | null | undefined;

  /** Whether a new key is being typed in place of the one there is. */
  isReplacing = $state(false);
  readonly hasOwnKey = $derived.by(() => this.#place() === "keychain" || this.#place() === "session");
  readonly mayEnterKey = $derived.by(() => this.#place() === null || (this.hasOwnKey && this.isReplacing));

  /** `baseUrl`: of a further route; null for the server for Claude. */
  constructor(app: App, baseUrl: string | null, place: () => KeyPlace | null | undefined) {
    this.#app = app;
    this.#baseUrl = baseUrl;
    this.#place = place;
  }

  /** Whether the key was kept. */
  async keep(key: string): Promise<boolean> {
    const connection = await this.#app.attempt(() => this.#app.seam.keepKey(this.#baseUrl, key));
    if (!connection) return false;
    this.#app.connection = connection;
    this.isReplacing = false;
    return true;
  }

  async forget(): Promise<void> {
    const connection = await this.#app.attempt(() => this.#app.seam.forgetKey(this.#baseUrl));
    if (!connection) return;
    this.#app.connection = connection;
    this.isReplacing = false;
  }
}
