/** The connection to one provider as it is set up here: key, address, limits, and whether it works. */
import type { ConnectionCheck, LimitSettings, ProviderSettings, SettingSource } from "../ipc/bindings";
import { typedCount } from "../components/typedCount";
import type { App } from "../state/app.svelte";
import { KeyKeeper } from "./key.svelte";
import { type LimitName, MAX_A_MINUTE } from "./limits";

/** Whether something can be changed here: what the environment says is for the environment to change. */
export function isOurs(source: SettingSource): boolean {
  return source === "default" || source === "settings";
}

export class ConnectionSettings extends KeyKeeper {
  readonly #app: App;
  /** The id of the provider. */
  readonly provider: string;

  /** What came of asking the server, until something is changed that makes it old. */
  check = $state.raw<ConnectionCheck | null>(null);
  isChecking = $state(false);
  /** The limit that was typed last, if it was none. */
  wrongLimit = $state<LimitName | null>(null);

  readonly set = $derived.by<ProviderSettings>(() => this.#app.providerSettings(this.provider));
  readonly limits = $derived<LimitSettings>(this.set.limits ?? {});

  #latestCheck = 0;

  constructor(app: App, provider: string) {
    super(app, provider, null, () => app.connectionTo(provider)?.key);
    this.#app = app;
    this.provider = provider;
  }

  override keep(key: string): Promise<boolean> {
    this.#forgetCheck();
    return super.keep(key);
  }

  override forget(): Promise<void> {
    this.#forgetCheck();
    return super.forget();
  }

  /** Whether it was saved. An empty address is the vendor's own. */
  saveAddress(typed: string): Promise<boolean> {
    this.#forgetCheck();
    this.isReplacing = false;
    return this.save({ base_url: typed.trim() === "" ? null : typed.trim() });
  }

  /** An empty field follows what the server announces or refuses. */
  async saveLimit(name: LimitName, typed: string): Promise<void> {
    const { count, isWrong } = typedCount(typed, 1, MAX_A_MINUTE);
    this.wrongLimit = isWrong ? name : null;
    if (!isWrong) await this.save({ limits: { ...this.limits, [name]: count } });
  }

  /** Whether it was saved. */
  save(changed: Partial<ProviderSettings>): Promise<boolean> {
    return this.#app.saveProvider(this.provider, changed);
  }

  async test(): Promise<void> {
    const asked = ++this.#latestCheck;
    this.isChecking = true;
    const check = await this.#app.attempt(() => this.#app.seam.checkConnection(this.provider));
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
