/**
 * The settings of the way to Claude. A key passes through `keep` and stays in no field of anything here: the window can
 * hand one over, and ask where one is kept, and no more.
 */
import type { ConnectionCheck, SettingSource } from "../ipc/bindings";
import type { App } from "../state/app.svelte";

export const LEAST_AT_ONCE = 1;
export const MOST_AT_ONCE = 64;

/** Whether something can be changed here: what the environment says is for the environment to change. */
export function isOurs(source: SettingSource): boolean {
  return source === "default" || source === "settings";
}

/** A number at once as it was typed; null when it is none. */
export function atOnceFrom(typed: string): number | null {
  const number = Number(typed);
  return typed.trim() !== "" && Number.isInteger(number) && number >= LEAST_AT_ONCE && number <= MOST_AT_ONCE
    ? number
    : null;
}

export class ClaudeSettings {
  readonly #app: App;

  /** What came of asking the server, until something is changed that makes it old. */
  check = $state.raw<ConnectionCheck | null>(null);
  isChecking = $state(false);
  /** Whether a new key is being typed in place of the one there is. */
  isReplacing = $state(false);
  isAtOnceWrong = $state(false);

  readonly #connection = $derived.by(() => this.#app.connection);
  readonly hasOwnKey = $derived(this.#connection?.key === "keychain" || this.#connection?.key === "session");
  readonly mayEnterKey = $derived(this.#connection?.key === null || (this.hasOwnKey && this.isReplacing));

  #latestCheck = 0;

  constructor(app: App) {
    this.#app = app;
  }

  /** Whether the key was kept. */
  async keep(key: string): Promise<boolean> {
    this.#forgetCheck();
    const connection = await this.#app.attempt(() => this.#app.seam.keepKey(key));
    if (!connection) return false;
    this.#app.connection = connection;
    this.isReplacing = false;
    return true;
  }

  async forget(): Promise<void> {
    this.#forgetCheck();
    const connection = await this.#app.attempt(() => this.#app.seam.forgetKey());
    if (!connection) return;
    this.#app.connection = connection;
    this.isReplacing = false;
  }

  /** Whether it was saved. An empty address is the vendor's own. */
  saveAddress(typed: string): Promise<boolean> {
    this.#forgetCheck();
    this.isReplacing = false;
    return this.#app.saveSettings({ base_url: typed.trim() === "" ? null : typed.trim() });
  }

  async saveAtOnce(typed: string): Promise<void> {
    const concurrency = typed.trim() === "" ? null : atOnceFrom(typed);
    this.isAtOnceWrong = typed.trim() !== "" && concurrency === null;
    if (!this.isAtOnceWrong) await this.#app.saveSettings({ concurrency });
  }

  async test(): Promise<void> {
    const asked = ++this.#latestCheck;
    this.isChecking = true;
    const check = await this.#app.attempt(() => this.#app.seam.checkConnection());
    if (asked !== this.#latestCheck) return;
    this.isChecking = false;
    this.check = check ?? null;
  }

  #forgetCheck(): void {
    this.#latestCheck += 1;
    this.isChecking = false;
    this.check = null;
  }
}
