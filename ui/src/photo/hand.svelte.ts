/**
 * Pointer input on the photo: wheel zooms at the cursor, drag pans, as do middle button and Space. What a left press
 * does otherwise is up to the owner (`PointerTarget`).
 */
import type { Point, Viewport } from "./viewport.svelte";

/** A press that moves less than this, in CSS pixels, is a click. */
export const CLICK_SLACK = 4;
/** Pixels of a wheel line. */
const LINE_HEIGHT = 40;
/** Limit for a single wheel event. */
const MOST_WHEEL = 400;
const WHEEL_SPEED = 0.0016;
/** Trackpads report a pinch as Ctrl+wheel with small deltas. */
const PINCH_SPEED = 0.01;

/** An ongoing drag. */
export interface Hold {
  /** A CSS cursor. */
  cursor: string;
  /** The pointer moved; `from` is where it was pressed. */
  follow: (at: Point, from: Point, event: MouseEvent) => void;
  end: (at: Point, isMoved: boolean, event: MouseEvent) => void;
}

/** What reacts to the pointer on the photo. Points are in view coordinates. */
export interface Touch {
  /** A CSS cursor, while nothing is dragged. */
  cursor: string;
  /** Starts a drag; null leaves the press to panning or clicking. */
  take?: (at: Point, event: MouseEvent) => Hold | null;
  /** The pointer moved over the photo, or the photo moved under it. */
  pass: (at: Point, isPressed: boolean, event: MouseEvent) => void;
  click: (at: Point, event: MouseEvent) => void;
  /** Whether a double click applies to the photo. */
  isFree: (at: Point) => boolean;
  leave?: () => void;
}

interface Press {
  at: Point;
  latest: Point;
  /** Null if the drag pans the view. */
  hold: Hold | null;
  mayClick: boolean;
  isMoved: boolean;
}

export class Hand {
  readonly #viewport: Viewport;
  readonly #touch: Touch;

  isInside = $state(false);
  isSpaceHeld = $state(false);
  #press = $state.raw<Press | null>(null);

  readonly isPanning = $derived(this.#press !== null && this.#press.hold === null && this.#press.isMoved);
  /** A CSS cursor. */
  readonly cursor = $derived.by(() => {
    if (this.isPanning) return "grabbing";
    if (this.isSpaceHeld) return "grab";
    return this.#press?.hold?.cursor ?? this.#touch.cursor;
  });

  constructor(viewport: Viewport, touch: Touch) {
    this.#viewport = viewport;
    this.#touch = touch;
  }

  wheel(event: WheelEvent): void {
    event.preventDefault();
    const isPixels = event.deltaMode === WheelEvent.DOM_DELTA_PIXEL;
    const delta = isPixels ? event.deltaY : event.deltaY * LINE_HEIGHT;
    const held = Math.max(-MOST_WHEEL, Math.min(MOST_WHEEL, delta));
    const at = placeOf(event);
    this.#viewport.zoomBy(Math.exp(-held * (event.ctrlKey ? PINCH_SPEED : WHEEL_SPEED)), at);
    const press = this.#press;
    if (press?.isMoved) press.hold?.follow(at, press.at, event);
    this.#touch.pass(at, press !== null, event);
  }

  down(event: PointerEvent): void {
    if (event.button > 1) return;
    if (event.target instanceof Element) event.target.setPointerCapture(event.pointerId);
    const at = placeOf(event);
    const mayAct = event.button === 0 && !this.isSpaceHeld;
    const hold = (mayAct && this.#touch.take?.(at, event)) || null;
    this.#press = { at, latest: at, hold, mayClick: mayAct, isMoved: false };
  }

  move(event: PointerEvent): void {
    const at = placeOf(event);
    const press = this.#press;
    this.#touch.pass(at, press !== null, event);
    if (press === null || (!press.isMoved && isNear(at, press.at))) return;
    this.#press = { ...press, latest: at, isMoved: true };
    if (press.hold === null) this.#viewport.panBy(at.x - press.latest.x, at.y - press.latest.y);
    else press.hold.follow(at, press.at, event);
  }

  up(event: PointerEvent): void {
    const press = this.#press;
    this.#press = null;
    if (press === null) return;
    const at = placeOf(event);
    if (press.hold !== null) press.hold.end(at, press.isMoved, event);
    else if (press.mayClick && !press.isMoved) this.#touch.click(at, event);
    this.#touch.pass(at, false, event);
  }

  doubleClick(event: MouseEvent): void {
    if (this.#touch.isFree(placeOf(event))) this.#viewport.fit();
  }

  leave(): void {
    this.isInside = false;
    this.#touch.leave?.();
  }

  /** Space pans while the pointer is over the photo; elsewhere it presses buttons. */
  keydown(event: KeyboardEvent): void {
    if (event.key !== " " || !this.isInside || isWriting(event.target)) return;
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
}

export function isNear(one: Point, other: Point): boolean {
  return Math.hypot(one.x - other.x, one.y - other.y) <= CLICK_SLACK;
}

function placeOf(event: MouseEvent): Point {
  return { x: event.offsetX, y: event.offsetY };
}

function isWriting(target: EventTarget | null): boolean {
  return target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement;
}
