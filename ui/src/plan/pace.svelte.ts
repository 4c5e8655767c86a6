/** Run options: concurrency, pause and answer length. A preset fills in the fields. */
import type { Preset, PresetQuote, RunOptions } from "../api/bindings";
import { MIN_AT_ONCE, MAX_AT_ONCE, typedCount } from "../components/typedCount";
import { words } from "../messages";

export type PaceName = "auto" | Preset;

export const LONGEST_PAUSE_MILLIS = 600_000;
export const SHORTEST_ANSWER_TOKENS = 64;
export const LONGEST_ANSWER_TOKENS = 128_000;

export class Pace {
  /** As typed; an empty field uses the settings, and those the automatic value. */
  typedAtOnce = $state("");
  typedPause = $state("");
  typedMaxTokens = $state("");
  /** Images prepared ahead; set only by presets. */
  #chunk = $state<number | null>(null);

  readonly atOnce = $derived(typedCount(this.typedAtOnce, MIN_AT_ONCE, MAX_AT_ONCE));
  readonly pause = $derived(typedCount(this.typedPause, 0, LONGEST_PAUSE_MILLIS));
  readonly maxTokens = $derived(typedCount(this.typedMaxTokens, SHORTEST_ANSWER_TOKENS, LONGEST_ANSWER_TOKENS));
  /** Why these values are invalid; null if valid. */
  readonly problem = $derived(this.#problem());
  readonly options = $derived<RunOptions>({
    concurrency: this.atOnce.count,
    pause_millis: this.pause.count,
    chunk_size: this.#chunk,
    max_tokens: this.maxTokens.count,
  });

  /** The preset whose values are in the fields; null for custom values. */
  nameAmong(presets: readonly PresetQuote[]): PaceName | null {
    const { concurrency, pause_millis } = this.options;
    if (concurrency === null && pause_millis === null) return "auto";
    const same = presets.filter(
      ({ options }) => options.concurrency === concurrency && options.pause_millis === pause_millis,
    );
    // Two presets may differ only in images prepared ahead.
    return (same.find(({ options }) => options.chunk_size === this.#chunk) ?? same[0])?.preset ?? null;
  }

  choose(name: PaceName, presets: readonly PresetQuote[]): void {
    const chosen = presets.find(({ preset }) => preset === name)?.options;
    this.typedAtOnce = String(chosen?.concurrency ?? "");
    this.typedPause = String(chosen?.pause_millis ?? "");
    this.#chunk = chosen?.chunk_size ?? null;
  }

  #problem(): string | null {
    if (this.atOnce.isWrong) return words.plan.concurrency.invalid;
    if (this.pause.isWrong) return words.plan.pace.pauseInvalid;
    return this.maxTokens.isWrong ? words.plan.pace.maxTokensInvalid : null;
  }
}
