import type { HookEnding, HookEvent, HookRun } from "../../ipc/bindings";
import { duration } from "../format";

const events: Record<HookEvent, string> = {
  before_run: "Before a run",
  after_run: "After a run",
  on_failure: "When a run fails",
};

const moments: Record<HookEvent, string> = {
  before_run: "before the first request of every run, and whenever a run goes on",
  after_run: "after every run has stopped, whatever stopped it",
  on_failure: "after a run that stopped by itself before it was done, or in which images failed",
};

function ending(ending: HookEnding, millis: number): string {
  switch (ending.kind) {
    case "exited":
      return ending.code === 0 ? `done in ${duration(millis)}` : `failed with exit code ${String(ending.code)}`;
    case "killed":
      return "ended by a signal";
    case "timed_out":
      return `ended after ${duration(millis)}: its time was up`;
    case "not_started":
      return `not started: ${ending.detail}`;
    case "not_agreed":
      return "not run: you have not agreed to it";
  }
}

export const hooks = {
  title: "Hooks",
  note: "Commands of your own, run by the system's shell in the library's folder, with the facts of the run in their environment and as JSON on their input. A hook that fails is reported and harms no run.",
  events,
  nothing: "nothing runs",
  timeout: "Seconds at most",
  timeoutNote: "Then a command is ended, with all that it has started.",
  timeoutWrong: (most: number) => `A whole number from 1 to ${String(most)}.`,
  save: "Save",
  discard: "Discard",
  fillIn: "Fill in for Claude Flow",
  fillInNote: "Commands that tell Claude Flow of every run. You see them before anything is saved.",
  awaits: "You have not agreed to this command, so it does not run.",
  ask: "Look at it…",
  askAbout: (event: HookEvent) => `Look at it… ${events[event]}`,
  outcome: ({ event, ending: ended, millis }: HookRun) => `${events[event]}: ${ending(ended, millis)}`,
  last: ({ run, ending: ended, millis }: HookRun) => `Last, with run ${String(run)}: ${ending(ended, millis)}`,
  said: "What it said",
  consent: {
    title: (count: number) => (count === 1 ? "Run this command?" : "Run these commands?"),
    moment: (event: HookEvent) => `It runs ${moments[event]}.`,
    note: "A command can do whatever you can do on this machine. It is given no key. Once its text is changed, you are asked again.",
    decline: "Not now",
    without: (count: number) => (count === 1 ? "Start without it" : "Start without them"),
    agree: (count: number) => (count === 1 ? "Agree to this command" : `Agree to these ${String(count)} commands`),
  },
};
