/** The mouse on the photograph: the wheel zooms at the cursor, a drag pans, a click selects what lies under it. */
import type { ComparedPair } from "../ipc/bindings";
import type { Point, Viewport } from "../editor/viewport.svelte";
import type { Differences } from "./differences.svelte";
import { pairsAt } from "./extent";

/** A press that moves less than this, in CSS pixels, is a click. */
const CLICK_SLACK = 4;
/** One notch of a wheel, whose events count lines, in pixels. */
const LINE_HEIGHT = 40;
/** A wheel that reports more at once is held to this. */
const MOST_WHEEL = 400;
const WHEEL_SPEED = 0.0016;
/** A pinch comes as a wheel with Ctrl and small steps. */
const PINCH_SPEED = 0.01;

interface Press {
  at: Point;
  latest: Point;
  mayClick: boolean;
  isMoved: boolean;
}

export class Hand {
  readonly #differences: Differences;
  readonly #viewport: Viewport;

  isInside = $state(false);
  isSpaceHeld = $state(false);
  isOverPair = $state(false);
  #press = $state.raw<Press | null>(null);

  readonly isPanning = $derived(this.#press?.isMoved ?? false);

  constructor(differences: Differences, viewport: Viewport) {
    this.#differences = differences;
    this.#viewport = viewport;
  }

  wheel(event: WheelEvent): void {
    event.preventDefault();
    const isPixels = event.deltaMode === WheelEvent.DOM_DELTA_PIXEL;
    const delta = isPixels ? event.deltaY : event.deltaY * LINE_HEIGHT;
    const held = Math.max(-MOST_WHEEL, Math.min(MOST_WHEEL, delta));
    this.#viewport.zoomBy(Math.exp(-held * (event.ctrlKey ? PINCH_SPEED : WHEEL_SPEED)), placeOf(event));
  }

  down(event: PointerEvent): void {
    if (event.button > 1) return;
    if (event.target instanceof Element) event.target.setPointerCapture(event.pointerId);
    const at = placeOf(event);
    this.#press = { at, latest: at, mayClick: event.button === 0 && !this.isSpaceHeld, isMoved: false };
  }

  move(event: PointerEvent): void {
    const at = placeOf(event);
    const press = this.#press;
    if (press === null) {
      this.isOverPair = this.#under(at).length > 0;
      return;
    }
    if (!press.isMoved && isNear(at, press.at)) return;
    this.#viewport.panBy(at.x - press.latest.x, at.y - press.latest.y);
    this.#press = { ...press, latest: at, isMoved: true };
  }

  up(event: PointerEvent): void {
    const press = this.#press;
    this.#press = null;
    if (press === null || press.isMoved || !press.mayClick) return;
    const under = this.#under(placeOf(event));
    const { pairs, selected } = this.#differences;
    // What is clicked again gives way to what lies below it.
    const following = under[(under.findIndex((pair) => pairs.indexOf(pair) === selected) + 1) % under.length];
    if (following) this.#differences.select(pairs.indexOf(following));
  }

  doubleClick(event: MouseEvent): void {
    if (this.#under(placeOf(event)).length === 0) this.#viewport.fit();
  }

  /** Over the photograph Space is for panning; elsewhere it presses buttons. */
  keydown(event: KeyboardEvent): void {
    if (event.key !== " " || !this.isInside) return;
    this.isSpaceHeld = true;
    event.preventDefault();
  }

  keyup(event: KeyboardEvent): void {
    if (event.key !== " " || !this.isSpaceHeld) return;
    this.isSpaceHeld = false;
    event.preventDefault();
  }

  letGo(): void {
    this.isSpaceHeld = false;
    this.#press = null;
  }

  #under(at: Point): ComparedPair[] {
    const tolerance = CLICK_SLACK / this.#viewport.scale;
    return pairsAt(this.#differences.visiblePairs, this.#viewport.imageFromView(at), tolerance);
  }
}

function placeOf(event: MouseEvent): Point {
  return { x: event.offsetX, y: event.offsetY };
}

function isNear(one: Point, other: Point): boolean {
  return Math.hypot(one.x - other.x, one.y - other.y) <= CLICK_SLACK;
}
