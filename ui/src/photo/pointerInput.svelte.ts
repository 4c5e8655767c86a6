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
const MAX_WHEEL = 400;
const WHEEL_SPEED = 0.0016;
/** Trackpads report a pinch as Ctrl+wheel with small deltas. */
const PINCH_SPEED = 0.01;

/** An ongoing drag. */
export interface Drag {
  /** A CSS cursor. */
  cursor: string;
  /** The pointer moved; `from` is where it was pressed. */
  move: (at: Point, from: Point, event: MouseEvent) => void;
  end: (at: Point, isMoved: boolean, event: MouseEvent) => void;
}

/** What reacts to the pointer on the photo. Points are in view coordinates. */
export interface PointerTarget {
  /** A CSS cursor, while nothing is dragged. */
  cursor: string;
  /** Starts a drag; null leaves the press to panning or clicking. */
  startDrag?: (at: Point, event: MouseEvent) => Drag | null;
  /** The pointer moved over the photo, or the photo moved under it. */
  hover: (at: Point, isPressed: boolean, event: MouseEvent) => void;
  click: (at: Point, event: MouseEvent) => void;
  /** Whether a double click applies to the photo. */
  isFree: (at: Point) => boolean;
  leave?: () => void;
}

interface Press {
  at: Point;
  latest: Point;
  /** Null if the drag pans the view. */
  drag: Drag | null;
  mayClick: boolean;
  isMoved: boolean;
}

export class PointerInput {
  readonly #viewport: Viewport;
  readonly #target: PointerTarget;

  isInside = $state(false);
  isSpaceHeld = $state(false);
  #press = $state.raw<Press | null>(null);

  readonly isPanning = $derived(this.#press !== null && this.#press.drag === null && this.#press.isMoved);
  /** A CSS cursor. */
  readonly cursor = $derived.by(() => {
    if (this.isPanning) return "grabbing";
    if (this.isSpaceHeld) return "grab";
    return this.#press?.drag?.cursor ?? this.#target.cursor;
  });

  constructor(viewport: Viewport, target: PointerTarget) {
    this.#viewport = viewport;
    this.#target = target;
  }

  wheel(event: WheelEvent): void {
    event.preventDefault();
    const isPixels = event.deltaMode === WheelEvent.DOM_DELTA_PIXEL;
    const delta = isPixels ? event.deltaY : event.deltaY * LINE_HEIGHT;
    const held = Math.max(-MAX_WHEEL, Math.min(MAX_WHEEL, delta));
    const at = placeOf(event);
    this.#viewport.zoomBy(Math.exp(-held * (event.ctrlKey ? PINCH_SPEED : WHEEL_SPEED)), at);
    const press = this.#press;
    if (press?.isMoved) press.drag?.move(at, press.at, event);
    this.#target.hover(at, press !== null, event);
  }

  down(event: PointerEvent): void {
    if (event.button > 1) return;
    if (event.target instanceof Element) event.target.setPointerCapture(event.pointerId);
    const at = placeOf(event);
    const mayAct = event.button === 0 && !this.isSpaceHeld;
    const drag = (mayAct && this.#target.startDrag?.(at, event)) || null;
    this.#press = { at, latest: at, drag, mayClick: mayAct, isMoved: false };
  }

  move(event: PointerEvent): void {
    const at = placeOf(event);
    const press = this.#press;
    this.#target.hover(at, press !== null, event);
    if (press === null || (!press.isMoved && isNear(at, press.at))) return;
    this.#press = { ...press, latest: at, isMoved: true };
    if (press.drag === null) this.#viewport.panBy(at.x - press.latest.x, at.y - press.latest.y);
    else press.drag.move(at, press.at, event);
  }

  up(event: PointerEvent): void {
    const press = this.#press;
    this.#press = null;
    if (press === null) return;
    const at = placeOf(event);
    if (press.drag !== null) press.drag.end(at, press.isMoved, event);
    else if (press.mayClick && !press.isMoved) this.#target.click(at, event);
    this.#target.hover(at, false, event);
  }

  doubleClick(event: MouseEvent): void {
    if (this.#target.isFree(placeOf(event))) this.#viewport.fit();
  }

  leave(): void {
    this.isInside = false;
    this.#target.leave?.();
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

  cancel(): void {
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
