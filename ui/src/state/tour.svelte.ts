/** The tour: five steps along the screens, once, when the sample photos are first imported. */
import { keep, recall } from "./kept";
import type { Screen } from "./screens";

export const TOUR_STEPS = [
  { name: "drop", screen: "library" },
  { name: "plan", screen: "plan" },
  { name: "run", screen: "run" },
  { name: "review", screen: "review" },
  { name: "export", screen: "history" },
] as const satisfies readonly { name: string; screen: Screen }[];

export class Tour {
  /** Current step; null if there is no tour. */
  at = $state<number | null>(null);
  readonly step = $derived(this.at === null ? null : (TOUR_STEPS[this.at] ?? null));

  readonly #show: (screen: Screen) => void;

  constructor(show: (screen: Screen) => void) {
    this.#show = show;
  }

  /** Starts it unless it was started before. */
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
