/** Hooks in memory: nothing is run, and a command that was agreed to is said to have done its work. */
import type { HookEvent, HookRun, Hooks, HookStanding, RunId } from "../bindings";

const EVENTS: readonly HookEvent[] = ["before_run", "after_run", "on_failure"];

const PROGRAM = "npx --yes claude-flow@3.43.0";

export const CLAUDE_FLOW_HOOKS: Hooks = {
  before_run: `${PROGRAM} hooks pre-task -i "fieldmark-run-$FIELDMARK_RUN" -d "$FIELDMARK_TASK"`,
  after_run: `${PROGRAM} hooks post-task -i "fieldmark-run-$FIELDMARK_RUN" -s "$FIELDMARK_SUCCESS" --duration "$FIELDMARK_WALL_MILLIS" -t "$FIELDMARK_TASK" -a "$FIELDMARK_MODEL" --store-results`,
  on_failure: null,
  timeout_seconds: 30,
};

/** As they are with `?hooks`: one that failed, and one that came with the settings and was never agreed to. */
export const PAST_HOOKS: Hooks = {
  before_run: "./warm-up.sh",
  after_run: 'notify-send "Fieldmark" "$FIELDMARK_SUMMARY"',
  on_failure: null,
  timeout_seconds: 30,
};

export function pastHookRuns(run: RunId): HookRun[] {
  const started_at = Date.UTC(2026, 10, 20, 9, 30);
  const [before, after] = [PAST_HOOKS.before_run ?? "", PAST_HOOKS.after_run ?? ""];
  return [
    {
      run,
      event: "before_run",
      command: before,
      started_at,
      millis: 0,
      ending: { kind: "not_agreed" },
      output: "",
    },
    {
      run,
      event: "after_run",
      command: after,
      started_at,
      millis: 64,
      ending: { kind: "exited", code: 127 },
      output: "sh: 1: notify-send: not found",
    },
  ];
}

export class FakeHooks {
  readonly #agreed = new Set<string>();

  agree(event: HookEvent, command: string): void {
    this.#agreed.add(`${event} ${command.trim()}`);
  }

  standings(hooks: Hooks, past: readonly HookRun[]): HookStanding[] {
    return EVENTS.map((event) => {
      const command = hooks[event]?.trim() || null;
      const is_agreed = command !== null && this.#agreed.has(`${event} ${command}`);
      return { event, command, is_agreed, last: past.findLast((hook) => hook.event === event) ?? null };
    });
  }
}
