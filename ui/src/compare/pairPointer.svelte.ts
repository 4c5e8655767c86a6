/** Pointer input on the photo: a click selects the pair under it. */
import type { ChosenPair } from "../api/bindings";
import { CLICK_SLACK, type PointerTarget } from "../photo/pointerInput.svelte";
import type { Point, Viewport } from "../photo/viewport.svelte";
import type { Differences } from "./differences.svelte";
import { pairsAt } from "./extent";

export class PairPointer implements PointerTarget {
  readonly #differences: Differences;
  readonly #viewport: Viewport;
  #isOverPair = $state(false);

  constructor(differences: Differences, viewport: Viewport) {
    this.#differences = differences;
    this.#viewport = viewport;
  }

  get cursor(): string {
    return this.#isOverPair ? "pointer" : "default";
  }

  hover(at: Point): void {
    this.#isOverPair = !this.isFree(at);
  }

  /** A second click selects the pair below. */
  click(at: Point): void {
    const under = this.#under(at);
    const { pairs, selected } = this.#differences;
    const following = under[(under.findIndex((pair) => pairs.indexOf(pair) === selected) + 1) % under.length];
    if (following) this.#differences.select(pairs.indexOf(following));
  }

  isFree(at: Point): boolean {
    return this.#under(at).length === 0;
  }

  #under(at: Point): ChosenPair[] {
    const tolerance = CLICK_SLACK / this.#viewport.scale;
    return pairsAt(this.#differences.visiblePairs, this.#viewport.imageFromView(at), tolerance);
  }
}
