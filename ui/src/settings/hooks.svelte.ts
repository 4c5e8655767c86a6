/** Hooks as they are set up and typed, and the person's agreement to what has not run before. */
import type { HookEvent, Hooks, HookStanding } from "../api/bindings";
import { typedCount } from "../components/typedCount";
import type { App } from "../state/app.svelte";

/** In the order in which they come. */
export const HOOK_EVENTS: readonly HookEvent[] = ["before_run", "after_run", "on_failure"];
export const MAX_SECONDS = 600;
const DEFAULT_SECONDS = 30;

/** A command that the person is shown before it may run. */
export interface AskedHook {
  event: HookEvent;
  command: string;
}

export class HookSettings {
  readonly #app: App;

  /** What is typed in place of what is saved. */
  #commands = $state<Partial<Record<HookEvent, string>>>({});
  #seconds = $state<string | null>(null);
  standings = $state.raw<readonly HookStanding[]>([]);
  /** What the dialog shows; closed when there is nothing. */
  asked = $state.raw<readonly AskedHook[]>([]);
  areSecondsWrong = $state(false);

  readonly typed = $derived<Hooks>(this.#typed());
  readonly isChanged = $derived(HOOK_EVENTS.some((event) => this.#isTypedAnew(event)) || this.#areSecondsTypedAnew());

  constructor(app: App) {
    this.#app = app;
  }

  /** The command as it is typed, or else as it is saved. */
  command(event: HookEvent): string {
    return this.#commands[event] ?? this.#saved[event] ?? "";
  }

  type(event: HookEvent, command: string): void {
    this.#commands[event] = command;
  }

  get seconds(): string {
    return this.#seconds ?? String(this.#saved.timeout_seconds ?? DEFAULT_SECONDS);
  }

  set seconds(typed: string) {
    this.#seconds = typed;
  }

  get #saved(): Hooks {
    return this.#app.settings.current.hooks ?? {};
  }

  async load(): Promise<void> {
    const standings = await this.#app.notices.attempt(() => this.#app.core.hooks());
    if (standings) this.standings = standings;
  }

  standing(event: HookEvent): HookStanding | undefined {
    return this.standings.find((standing) => standing.event === event);
  }

  /** Whether the command as it is saved waits for the person's word: it came by another way than this window. */
  awaits(event: HookEvent): boolean {
    const standing = this.standing(event);
    return !this.#isTypedAnew(event) && standing?.command != null && !standing.is_agreed;
  }

  /** Asks first when a command is new. */
  async save(): Promise<void> {
    const { isWrong, count } = typedCount(this.seconds, 1, MAX_SECONDS);
    this.areSecondsWrong = isWrong || count === null;
    if (this.areSecondsWrong) return;
    const unknown = HOOK_EVENTS.filter((event) => !this.#isAgreed(event));
    if (unknown.length > 0) this.#ask(unknown);
    else await this.#store();
  }

  ask(event: HookEvent): void {
    this.#ask([event]);
  }

  decline(): void {
    this.asked = [];
  }

  async agree(): Promise<void> {
    const asked = this.asked;
    this.asked = [];
    for (const { event, command } of asked) {
      const agreed = await this.#app.notices.attempt(() => this.#app.core.agreeToHook(event, command).then(() => true));
      if (!agreed) return;
    }
    await this.#store();
  }

  async fillInClaudeFlow(): Promise<void> {
    const preset = await this.#app.notices.attempt(() => this.#app.core.claudeFlowHooks());
    if (preset) for (const event of HOOK_EVENTS) this.type(event, preset[event] ?? "");
  }

  /** Back to what is saved. */
  discard(): void {
    this.areSecondsWrong = false;
    this.#commands = {};
    this.#seconds = null;
  }

  async #store(): Promise<void> {
    if (this.isChanged && !(await this.#app.settings.save({ hooks: this.typed }))) return;
    this.discard();
    await this.load();
  }

  #ask(events: readonly HookEvent[]): void {
    this.asked = events.map((event) => ({ event, command: this.command(event).trim() }));
  }

  #typed(): Hooks {
    const command = (event: HookEvent) => this.command(event).trim() || null;
    return {
      before_run: command("before_run"),
      after_run: command("after_run"),
      on_failure: command("on_failure"),
      timeout_seconds: typedCount(this.seconds, 1, MAX_SECONDS).count ?? this.#saved.timeout_seconds ?? DEFAULT_SECONDS,
    };
  }

  #isAgreed(event: HookEvent): boolean {
    const command = this.typed[event];
    const standing = this.standing(event);
    return command == null || (standing?.command === command && standing.is_agreed);
  }

  #isTypedAnew(event: HookEvent): boolean {
    return this.command(event).trim() !== (this.#saved[event] ?? "").trim();
  }

  #areSecondsTypedAnew(): boolean {
    return this.seconds.trim() !== String(this.#saved.timeout_seconds ?? DEFAULT_SECONDS);
  }
}
