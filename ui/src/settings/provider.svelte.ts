/** The connection to one provider as it is set up here: key, address, limits, and whether it works. */
import type { Connection, ConnectionCheck, LimitSettings, ProviderSettings, SettingSource } from "../api/bindings";
import type { App } from "../state/app.svelte";
import { KeyKeeper } from "./key.svelte";
import type { LimitName } from "./limits";

/** Whether something can be changed here: what the environment says is for the environment to change. */
export function isOurs(source: SettingSource): boolean {
  return source === "default" || source === "settings";
}

export type ProviderState = "good" | "caution" | "none";

/** Whether requests can be sent: good with all that is required, caution where something is wrong, none without a key, or
    without the address that the user must enter. */
export function providerState({ key, problem, provider, base_url_from }: Connection): ProviderState {
  const needsAddress = provider.fields.some(({ kind, is_required }) => kind === "base_url" && is_required);
  if (needsAddress && base_url_from === "default") return "none";
  if (problem !== null) return "caution";
  const needsKey = provider.fields.some(({ kind, is_required }) => kind === "key" && is_required);
  return key !== null || !needsKey ? "good" : "none";
}

export class ConnectionSettings extends KeyKeeper {
  readonly #app: App;
  /** The id of the provider. */
  readonly provider: string;

  /** What came of asking the server, until something is changed that makes it old. */
  check = $state.raw<ConnectionCheck | null>(null);
  isChecking = $state(false);

  readonly set = $derived.by<ProviderSettings>(() => this.#app.connections.settingsOf(this.provider));
  readonly limits = $derived<LimitSettings>(this.set.limits ?? {});

  #latestCheck = 0;

  constructor(app: App, provider: string) {
    super(app, provider, null, () => app.connections.to(provider)?.key);
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

  /** Whether it was saved. Without a limit, what the server announces or refuses is followed. */
  saveLimit(name: LimitName, limit: number | null): Promise<boolean> {
    return this.save({ limits: { ...this.limits, [name]: limit } });
  }

  /** Whether it was saved. */
  save(changed: Partial<ProviderSettings>): Promise<boolean> {
    return this.#app.connections.save(this.provider, changed);
  }

  async test(): Promise<void> {
    const asked = ++this.#latestCheck;
    this.isChecking = true;
    const check = await this.#app.notices.attempt(() => this.#app.core.checkConnection(this.provider));
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
