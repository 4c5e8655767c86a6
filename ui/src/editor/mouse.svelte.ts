/**
 * The mouse on the photograph: the wheel zooms at the cursor; a press draws with the tool in hand, pulls what it takes
 * hold of, selects, or pans.
 */
import type { Annotation, AnnotationId } from "../ipc/bindings";
import { marksAt, nextUnder } from "./hit";
import type { Handle } from "./reshape";
import type { Review } from "./review.svelte";
import type { Grip, Held, Tools } from "./tools.svelte";
import type { Point, Viewport } from "./viewport.svelte";

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
  /** What it is for: the tool's work, what it has hold of, or the view. */
  does: { kind: "draw" } | { kind: "pull"; grip: Grip } | { kind: "view"; mayClick: boolean };
  isMoved: boolean;
}

export class Mouse {
  readonly #review: Review;
  readonly #viewport: Viewport;
  readonly #tools: Tools;

  isInside = $state(false);
  isSpaceHeld = $state(false);
  /** The mark that was selected by a click, and is in sight for that reason. */
  clicked: AnnotationId | null = null;

  #hovered = $state.raw<Grip | "mark" | null>(null);
  #press = $state.raw<Press | null>(null);
  #latestClick: Point | null = null;

  readonly isPanning = $derived(this.#press?.does.kind === "view" && this.#press.isMoved);
  /** As CSS names it. */
  readonly cursor = $derived.by(() => {
    if (this.isPanning) return "grabbing";
    if (this.isSpaceHeld) return "grab";
    if (this.#press?.does.kind === "pull") return cursorOf(this.#press.does.grip);
    if (this.#tools.isDrawing) return "crosshair";
    if (this.#hovered === "mark") return "pointer";
    return this.#hovered === null ? "default" : cursorOf(this.#hovered);
  });

  constructor(review: Review, viewport: Viewport, tools: Tools) {
    this.#review = review;
    this.#viewport = viewport;
    this.#tools = tools;
  }

  wheel(event: WheelEvent): void {
    event.preventDefault();
    const isPixels = event.deltaMode === WheelEvent.DOM_DELTA_PIXEL;
    const delta = isPixels ? event.deltaY : event.deltaY * LINE_HEIGHT;
    const held = Math.max(-MOST_WHEEL, Math.min(MOST_WHEEL, delta));
    this.#viewport.zoomBy(Math.exp(-held * (event.ctrlKey ? PINCH_SPEED : WHEEL_SPEED)), placeOf(event));
    this.#tools.trace(placeOf(event), heldOf(event));
  }

  /** The left button draws, pulls, selects or pans, the middle one pans; with Space held both pan. */
  down(event: PointerEvent): void {
    if (event.button > 1) return;
    if (event.target instanceof Element) event.target.setPointerCapture(event.pointerId);
    const at = placeOf(event);
    const mayAct = event.button === 0 && !this.isSpaceHeld;
    this.#press = { at, latest: at, does: this.#meaning(at, mayAct), isMoved: false };
    if (this.#press.does.kind !== "draw") return;
    this.#tools.press(at, heldOf(event));
    this.#drawn();
  }

  move(event: PointerEvent): void {
    const at = placeOf(event);
    this.#tools.pointer = this.#viewport.imageFromView(at);
    const press = this.#press;
    if (press === null) {
      if (this.#tools.isDrawing) this.#tools.trace(at, heldOf(event));
      else this.#hovered = this.#tools.gripAt(at) ?? (this.#under(at).length > 0 ? "mark" : null);
      return;
    }
    if (!press.isMoved && isNear(at, press.at)) return;
    this.#press = { ...press, latest: at, isMoved: true };
    const { does } = press;
    if (does.kind === "draw") this.#tools.trace(at, heldOf(event));
    else if (does.kind === "pull") this.#tools.pull(does.grip, press.at, at, heldOf(event));
    else this.#viewport.panBy(at.x - press.latest.x, at.y - press.latest.y);
  }

  up(event: PointerEvent): void {
    const press = this.#press;
    this.#press = null;
    if (press === null) return;
    const at = placeOf(event);
    const { does, isMoved } = press;
    if (does.kind === "draw") this.#tools.lift(at, heldOf(event), isMoved);
    else if (does.kind === "pull" && isMoved) this.#tools.drop();
    else if (does.kind === "pull" && does.grip.kind === "handle") this.#touch(does.grip.handle, event.altKey, at);
    else if (!isMoved && (does.kind === "pull" || does.mayClick)) this.#click(at);
    this.#hovered = this.#tools.gripAt(at) ?? this.#hovered;
    if (does.kind === "draw") this.#drawn();
  }

  doubleClick(event: MouseEvent): void {
    if (!this.#tools.isDrawing && this.#under(placeOf(event)).length === 0) this.#viewport.fit();
  }

  leave(): void {
    this.isInside = false;
    this.#tools.pointer = null;
  }

  /** Over the photograph Space is for panning; elsewhere it presses buttons. */
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

  #meaning(at: Point, mayAct: boolean): Press["does"] {
    if (!mayAct) return { kind: "view", mayClick: false };
    if (this.#tools.isDrawing) return { kind: "draw" };
    const grip = this.#tools.gripAt(at);
    return grip === null ? { kind: "view", mayClick: true } : { kind: "pull", grip };
  }

  /** What was drawn is where the hand is. */
  #drawn(): void {
    this.clicked = this.#review.selected;
  }

  /** A click on a handle that has nothing to say of itself is one on what lies below. */
  #touch(handle: Handle, isRemoval: boolean, at: Point): void {
    if (handle.kind === "side") this.#click(at);
    else this.#tools.touch(handle, isRemoval);
  }

  #click(at: Point): void {
    const isRepeated = this.#latestClick !== null && isNear(at, this.#latestClick);
    this.clicked = nextUnder(this.#under(at), this.#review.selected, isRepeated)?.id ?? null;
    this.#review.select(this.clicked);
    this.#latestClick = at;
  }

  #under(at: Point): Annotation[] {
    const { visibleMarks } = this.#review;
    return marksAt(visibleMarks, this.#viewport.imageFromView(at), CLICK_SLACK / this.#viewport.scale);
  }
}

function cursorOf(grip: Grip): string {
  if (grip.kind === "body") return "move";
  const { handle } = grip;
  if (handle.kind === "between") return "copy";
  if (handle.kind === "corner") return "grab";
  if (handle.across === 0) return "ns-resize";
  if (handle.down === 0) return "ew-resize";
  return handle.across === handle.down ? "nwse-resize" : "nesw-resize";
}

function heldOf(event: MouseEvent): Held {
  return { isFree: event.altKey, isSquare: event.shiftKey };
}

function placeOf(event: MouseEvent): Point {
  return { x: event.offsetX, y: event.offsetY };
}

function isNear(one: Point, other: Point): boolean {
  return Math.hypot(one.x - other.x, one.y - other.y) <= CLICK_SLACK;
}

function isWriting(target: EventTarget | null): boolean {
  return target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement;
}
