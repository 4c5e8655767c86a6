/** Hooks as they are set up and typed, and the person's agreement to what has not run before. */
import type { HookEvent, Hooks, HookStanding } from "../ipc/bindings";
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

  /** As they are typed. */
  commands = $state<Record<HookEvent, string>>({ before_run: "", after_run: "", on_failure: "" });
  seconds = $state(String(DEFAULT_SECONDS));
  standings = $state.raw<readonly HookStanding[]>([]);
  /** What the dialog shows; closed when there is nothing. */
  asked = $state.raw<readonly AskedHook[]>([]);
  areSecondsWrong = $state(false);

  readonly typed = $derived<Hooks>(this.#typed());
  readonly isChanged = $derived(HOOK_EVENTS.some((event) => this.#isTypedAnew(event)) || this.#areSecondsTypedAnew());

  constructor(app: App) {
    this.#app = app;
    this.discard();
  }

  get #saved(): Hooks {
    return this.#app.settings.current.hooks ?? {};
  }

  async load(): Promise<void> {
    const standings = await this.#app.notices.attempt(() => this.#app.seam.hooks());
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
      const agreed = await this.#app.notices.attempt(() => this.#app.seam.agreeToHook(event, command).then(() => true));
      if (!agreed) return;
    }
    await this.#store();
  }

  async fillInClaudeFlow(): Promise<void> {
    const preset = await this.#app.notices.attempt(() => this.#app.seam.claudeFlowHooks());
    if (preset) this.#show({ ...preset, timeout_seconds: this.typed.timeout_seconds });
  }

  /** Back to what is saved. */
  discard(): void {
    this.areSecondsWrong = false;
    this.#show(this.#saved);
  }

  async #store(): Promise<void> {
    if (this.isChanged && !(await this.#app.settings.save({ hooks: this.typed }))) return;
    this.discard();
    await this.load();
  }

  #ask(events: readonly HookEvent[]): void {
    this.asked = events.map((event) => ({ event, command: this.commands[event].trim() }));
  }

  #show(hooks: Hooks): void {
    for (const event of HOOK_EVENTS) this.commands[event] = hooks[event] ?? "";
    this.seconds = String(hooks.timeout_seconds ?? DEFAULT_SECONDS);
  }

  #typed(): Hooks {
    const command = (event: HookEvent) => this.commands[event].trim() || null;
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
    return this.commands[event].trim() !== (this.#saved[event] ?? "").trim();
  }

  #areSecondsTypedAnew(): boolean {
    return this.seconds.trim() !== String(this.#saved.timeout_seconds ?? DEFAULT_SECONDS);
  }
}
