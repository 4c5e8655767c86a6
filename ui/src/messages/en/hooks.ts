import type { HookEnding, HookEvent, HookRun } from "../../api/bindings";
import { duration } from "../format";
import { here } from "../place.svelte";

const events: Record<HookEvent, string> = {
  before_run: "Before a run",
  after_run: "After a run",
  on_failure: "When a run fails",
};

const moments: Record<HookEvent, string> = {
  before_run: "before the first request of every run, and when a run resumes",
  after_run: "after every run, whether or not it succeeded",
  on_failure: "after a run that stopped early because of an error, or in which images failed",
};

function ending(ending: HookEnding, millis: number): string {
  switch (ending.kind) {
    case "exited":
      return ending.code === 0 ? `done in ${duration(millis)}` : `failed with exit code ${String(ending.code)}`;
    case "killed":
      return "killed by a signal";
    case "timed_out":
      return `timed out after ${duration(millis)} and was killed`;
    case "not_started":
      return `not started: ${ending.detail}`;
    case "not_agreed":
      return "not run: you have not allowed it";
  }
}

export const hooks = {
  title: "Hooks",
  note: "Your own commands, run by the system shell in the library folder. Each receives data about the run in environment variables and as JSON on standard input. A hook that fails is reported and does not affect the run.",
  events,
  nothing: "no command",
  timeout: "Timeout (s)",
  timeoutNote: "After this time, a command and its child processes are killed.",
  timeoutWrong: (most: number) => `Enter a whole number from 1 to ${String(most)}.`,
  save: "Save",
  discard: "Discard",
  fillIn: "Use the Claude Flow commands",
  fillInNote: "Commands that report every run to Claude Flow. You see them before anything is saved.",
  awaits: "You have not allowed this command, so it does not run.",
  ask: "Review…",
  askAbout: (event: HookEvent) => `Review… ${events[event]}`,
  outcome: ({ event, ending: ended, millis }: HookRun) => `${events[event]}: ${ending(ended, millis)}`,
  last: ({ run, ending: ended, millis }: HookRun) => `Last time, run ${String(run)}: ${ending(ended, millis)}`,
  said: "Output",
  consent: {
    title: (count: number) => (count === 1 ? "Run this command?" : "Run these commands?"),
    moment: (event: HookEvent) => `It runs ${moments[event]}.`,
    get note() {
      const reach = here("you can do on this machine", "the user who started the server can do there");
      return `A command can do anything that ${reach}. It gets no API key. If its text changes, you are asked again.`;
    },
    decline: "Not now",
    without: (count: number) => (count === 1 ? "Start without it" : "Start without them"),
    agree: (count: number) => (count === 1 ? "Allow this command" : `Allow these ${String(count)} commands`),
  },
};
