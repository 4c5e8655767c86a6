/** The first look around: five steps along the screens, once, when the sample photos came in for the first time. */
import type { Screen } from "./app.svelte";
import { keep, recall } from "./kept";

export const TOUR_STEPS = [
  { name: "drop", screen: "library" },
  { name: "plan", screen: "plan" },
  { name: "run", screen: "run" },
  { name: "review", screen: "review" },
  { name: "export", screen: "history" },
] as const satisfies readonly { name: string; screen: Screen }[];

export class Tour {
  /** Place in the steps; null while there is no tour. */
  at = $state<number | null>(null);
  readonly step = $derived(this.at === null ? null : (TOUR_STEPS[this.at] ?? null));

  readonly #show: (screen: Screen) => void;

  constructor(show: (screen: Screen) => void) {
    this.#show = show;
  }

  /** Begins unless there was a tour before, finished or not. */
  beginOnce(): void {
    if (!recall("tour", (value) => value === true)) this.begin();
  }

  begin(): void {
    keep("tour", true);
    this.#go(0);
  }

  next(): void {
    this.#go((this.at ?? -1) + 1);
  }

  end(): void {
    this.at = null;
  }

  #go(place: number): void {
    const step = TOUR_STEPS[place];
    this.at = step ? place : null;
    if (step) this.#show(step.screen);
  }
}
