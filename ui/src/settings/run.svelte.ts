/** The settings of how models elsewhere are asked. */
import type { RunSettings } from "../ipc/bindings";
import { typedCount } from "../components/typedCount";
import type { App } from "../state/app.svelte";

/** Concurrency has a setting of its own. */
export type RunSettingName = Exclude<keyof RunSettings, "concurrency">;

interface Range {
  least: number;
  most: number;
  /** What holds when nothing is typed. */
  usual: number | null;
}

export const RUN_SETTINGS: Record<RunSettingName, Range> = {
  retry_attempts: { least: 0, most: 20, usual: 3 },
  retry_delay_ms: { least: 0, most: 600_000, usual: 1_000 },
  task_timeout_ms: { least: 1_000, most: 3_600_000, usual: 60_000 },
  rate_limit_delay_ms: { least: 0, most: 600_000, usual: 0 },
  chunk_size: { least: 1, most: 200, usual: null },
  max_tokens: { least: 64, most: 128_000, usual: null },
};

export const RUN_SETTING_NAMES = Object.keys(RUN_SETTINGS) as RunSettingName[];

export class RunTuning {
  readonly #app: App;
  /** The setting that was typed last, if what was typed will not do. */
  wrong = $state<RunSettingName | null>(null);

  constructor(app: App) {
    this.#app = app;
  }

  /** As it stands in its field: empty where what usually holds does. */
  text(name: RunSettingName): string {
    const set = this.#app.settings.run?.[name] ?? null;
    return set === RUN_SETTINGS[name].usual || set === null ? "" : String(set);
  }

  async save(name: RunSettingName, typed: string): Promise<void> {
    const { least, most, usual } = RUN_SETTINGS[name];
    const { count, isWrong } = typedCount(typed, least, most);
    this.wrong = isWrong ? name : null;
    if (!isWrong) await this.#app.saveSettings({ run: { ...this.#app.settings.run, [name]: count ?? usual } });
  }
}
