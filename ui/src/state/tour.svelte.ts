/**
 * The tour: steps along the screens, once, when the sample photos are first imported. It never shows an empty screen:
 * in a library without annotations it pauses at the plan, and continues when a run is shown. It follows users who go on themselves.
 */
import { keep, recall } from "./kept";
import type { Screen } from "./screens";

export const TOUR_STEPS = [
  { name: "drop", screen: "library" },
  { name: "plan", screen: "plan" },
  { name: "run", screen: "run" },
  { name: "review", screen: "review" },
  { name: "export", screen: "history" },
] as const satisfies readonly { name: string; screen: Screen }[];

const PLAN = TOUR_STEPS.findIndex(({ screen }) => screen === "plan");

export class Tour {
  /** Current step; null if there is no tour. */
  at = $state<number | null>(null);
  readonly step = $derived(this.at === null ? null : (TOUR_STEPS[this.at] ?? null));
  /** Whether the next screen would be empty, because nothing is annotated yet. */
  readonly isBlocked = $derived.by(() => this.at !== null && this.at >= PLAN && !this.#hasAnnotations());

  readonly #show: (screen: Screen) => void;
  readonly #hasAnnotations: () => boolean;
  #isPaused = false;

  constructor(show: (screen: Screen) => void, hasAnnotations: () => boolean) {
    this.#show = show;
    this.#hasAnnotations = hasAnnotations;
  }

  /** Starts it unless it was started before. */
  beginOnce(): void {
    if (!recall("tour", (value) => value === true)) this.begin();
  }

  begin(): void {
    keep("tour", true);
    this.#isPaused = false;
    this.#go(0);
  }

  /** At the plan of a library without annotations, the next step is a run. */
  next(): void {
    if (this.isBlocked && this.at === PLAN) {
      this.at = null;
      this.#isPaused = true;
    } else if (!this.isBlocked) this.#go((this.at ?? -1) + 1);
  }

  end(): void {
    this.at = null;
    this.#isPaused = false;
  }

  /** Continues after a pause, or when users go to the next screen themselves. */
  screenShown(screen: Screen): void {
    const next = this.#isPaused ? PLAN + 1 : (this.at ?? TOUR_STEPS.length) + 1;
    if (TOUR_STEPS[next]?.screen !== screen) return;
    this.#isPaused = false;
    this.at = next;
  }

  #go(place: number): void {
    const step = TOUR_STEPS[place];
    this.at = step ? place : null;
    if (step) this.#show(step.screen);
  }
}
