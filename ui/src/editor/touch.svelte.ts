/**
 * What a hand does on the photograph beside moving it: a press draws with the tool in hand or pulls what it takes hold
 * of, a click selects.
 */
import type { Annotation, AnnotationId } from "../ipc/bindings";
import { CLICK_SLACK, type Hold, isNear, type Touch } from "../photo/hand.svelte";
import type { Point, Viewport } from "../photo/viewport.svelte";
import { marksAt, nextUnder } from "./hit";
import type { Handle } from "./reshape";
import type { Review } from "./review.svelte";
import type { Grip, Held, Tools } from "./tools.svelte";

export class MarkTouch implements Touch {
  readonly #review: Review;
  readonly #viewport: Viewport;
  readonly #tools: Tools;

  /** The mark that was selected by a click, and is in sight for that reason. */
  clicked: AnnotationId | null = null;

  #hovered = $state.raw<Grip | "mark" | null>(null);
  #latestClick: Point | null = null;

  readonly #drawing: Hold = {
    cursor: "crosshair",
    follow: (at, _from, event) => this.#tools.trace(at, heldOf(event)),
    end: (at, isMoved, event) => {
      this.#tools.lift(at, heldOf(event), isMoved);
      this.#drawn();
    },
  };

  constructor(review: Review, viewport: Viewport, tools: Tools) {
    this.#review = review;
    this.#viewport = viewport;
    this.#tools = tools;
  }

  get cursor(): string {
    if (this.#tools.isDrawing) return "crosshair";
    if (this.#hovered === "mark") return "pointer";
    return this.#hovered === null ? "default" : cursorOf(this.#hovered);
  }

  take(at: Point, event: MouseEvent): Hold | null {
    if (this.#tools.isDrawing) {
      this.#tools.press(at, heldOf(event));
      this.#drawn();
      return this.#drawing;
    }
    const grip = this.#tools.gripAt(at);
    return grip && this.#pulling(grip);
  }

  pass(at: Point, isPressed: boolean, event: MouseEvent): void {
    this.#tools.pointer = this.#viewport.imageFromView(at);
    if (isPressed) return;
    if (this.#tools.isDrawing) this.#tools.trace(at, heldOf(event));
    else this.#hovered = this.#tools.gripAt(at) ?? (this.isFree(at) ? null : "mark");
  }

  click(at: Point): void {
    const isRepeated = this.#latestClick !== null && isNear(at, this.#latestClick);
    this.clicked = nextUnder(this.#under(at), this.#review.selected, isRepeated)?.id ?? null;
    this.#review.select(this.clicked);
    this.#latestClick = at;
  }

  isFree(at: Point): boolean {
    return !this.#tools.isDrawing && this.#under(at).length === 0;
  }

  leave(): void {
    this.#tools.pointer = null;
  }

  #pulling(grip: Grip): Hold {
    return {
      cursor: cursorOf(grip),
      follow: (at, from, event) => this.#tools.pull(grip, from, at, heldOf(event)),
      end: (at, isMoved, event) => {
        if (isMoved) this.#tools.drop();
        else if (grip.kind === "body") this.click(at);
        else this.#touchHandle(grip.handle, event.altKey, at);
      },
    };
  }

  /** What was drawn is where the hand is. */
  #drawn(): void {
    this.clicked = this.#review.selected;
  }

  /** A click on a handle that has nothing to say of itself is one on what lies below. */
  #touchHandle(handle: Handle, isRemoval: boolean, at: Point): void {
    if (handle.kind === "side") this.click(at);
    else this.#tools.touch(handle, isRemoval);
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
