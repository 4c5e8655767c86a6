/** The settings of the way to Claude: key, address, how much at once, and whether it works. */
import type { ConnectionCheck, RouteLimits, SettingSource } from "../ipc/bindings";
import { MIN_AT_ONCE, MAX_AT_ONCE, typedCount } from "../kit/typedCount";
import type { App } from "../state/app.svelte";
import { KeyKeeper } from "./key.svelte";
import { type LimitName, MAX_A_MINUTE } from "./limits";

/** Whether something can be changed here: what the environment says is for the environment to change. */
export function isOurs(source: SettingSource): boolean {
  return source === "default" || source === "settings";
}

export class ClaudeSettings extends KeyKeeper {
  readonly #app: App;

  /** What came of asking the server, until something is changed that makes it old. */
  check = $state.raw<ConnectionCheck | null>(null);
  isChecking = $state(false);
  isAtOnceWrong = $state(false);
  /** The limit that was typed last, if it was none. */
  wrongLimit = $state<LimitName | null>(null);

  readonly limits = $derived<RouteLimits>(this.#limits());

  #latestCheck = 0;

  constructor(app: App) {
    super(app, null, () => app.connection?.key);
    this.#app = app;
  }

  override keep(key: string): Promise<boolean> {
    this.#forgetCheck();
    return super.keep(key);
  }

  override forget(): Promise<void> {
    this.#forgetCheck();
    return super.forget();
  }

  /** Uses the `.env` file of the working folder, as it is shown. */
  async allowEnvFile(): Promise<void> {
    this.#forgetCheck();
    const connection = await this.#app.attempt(() => this.#app.seam.allowEnvFile());
    if (connection) this.#app.connection = connection;
  }

  /** Whether it was saved. An empty address is the vendor's own. */
  saveAddress(typed: string): Promise<boolean> {
    this.#forgetCheck();
    this.isReplacing = false;
    return this.#app.saveSettings({ base_url: typed.trim() === "" ? null : typed.trim() });
  }

  /** An empty field finds out. */
  async saveAtOnce(typed: string): Promise<void> {
    const { count, isWrong } = typedCount(typed, MIN_AT_ONCE, MAX_AT_ONCE);
    this.isAtOnceWrong = isWrong;
    if (!isWrong) await this.#app.saveSettings({ run: { ...this.#app.settings.run, concurrency: count } });
  }

  /** An empty field follows what the server announces or refuses. */
  async saveLimit(name: LimitName, typed: string): Promise<void> {
    const { count, isWrong } = typedCount(typed, 1, MAX_A_MINUTE);
    this.wrongLimit = isWrong ? name : null;
    if (!isWrong) await this.#app.saveSettings({ limits: { ...this.limits, [name]: count } });
  }

  async test(): Promise<void> {
    const asked = ++this.#latestCheck;
    this.isChecking = true;
    const check = await this.#app.attempt(() => this.#app.seam.checkConnection());
    if (asked !== this.#latestCheck) return;
    this.isChecking = false;
    this.check = check ?? null;
  }

  #limits(): RouteLimits {
    return this.#app.settings.limits ?? {};
  }

  #forgetCheck(): void {
    this.#latestCheck += 1;
    this.isChecking = false;
    this.check = null;
  }
}
