/**
 * What a hand does on the photograph beside moving it: a press draws with the tool in hand or pulls what it takes hold
 * of, a click selects. With Shift a click selects one more, or one less, and a drag all that lies across its frame.
 */
import type { Annotation, AnnotationId, Rect } from "../ipc/bindings";
import { CLICK_SLACK, type Hold, isNear, type Touch } from "../photo/hand.svelte";
import { MOST_TAG_LENGTH } from "../photo/lettering";
import type { Point, Viewport } from "../photo/viewport.svelte";
import { annotationsAcross, annotationsAt, nextUnder } from "./hit";
import type { Handle } from "./reshape";
import type { Review } from "./review.svelte";
import type { Grip } from "./shaping.svelte";
import type { Held, Tools } from "./tools.svelte";

export class AnnotationTouch implements Touch {
  readonly #review: Review;
  readonly #viewport: Viewport;
  readonly #tools: Tools;

  /** The annotation that was selected by a click, and is in sight for that reason. */
  clicked: AnnotationId | null = null;

  /** The frame that is being dragged, on the image. */
  frame = $state.raw<Rect | null>(null);

  #hovered = $state.raw<Grip | "annotation" | null>(null);
  /** The label under the pointer, where it may be shortened on the photo. */
  hoveredLabel = $state<string | undefined>();
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
    if (this.#hovered === "annotation") return "pointer";
    return this.#hovered === null ? "default" : cursorOf(this.#hovered);
  }

  take(at: Point, event: MouseEvent): Hold | null {
    if (this.#tools.isDrawing) {
      this.#tools.press(at, heldOf(event));
      this.#drawn();
      return this.#drawing;
    }
    if (event.shiftKey) return this.#choosing();
    const grip = this.#tools.gripAt(at);
    return grip && this.#pulling(grip);
  }

  pass(at: Point, isPressed: boolean, event: MouseEvent): void {
    this.#tools.pointer = this.#viewport.imageFromView(at);
    this.hoveredLabel = undefined;
    if (isPressed) return;
    if (this.#tools.isDrawing) this.#tools.trace(at, heldOf(event));
    else {
      const all = this.#under(at);
      const under = all.find(({ id }) => this.#review.selection.has(id)) ?? all[0];
      this.#hovered = this.#tools.gripAt(at) ?? (under ? "annotation" : null);
      if (under && under.label.length > MOST_TAG_LENGTH) this.hoveredLabel = under.label;
    }
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
    this.hoveredLabel = undefined;
    this.#tools.pointer = null;
  }

  #pulling(grip: Grip): Hold {
    return {
      cursor: cursorOf(grip),
      follow: (at, from, event) => this.#tools.pull(grip, from, at, heldOf(event)),
      end: (at, isMoved, event) => {
        if (isMoved) this.#tools.shaping.drop();
        else if (grip.kind === "body") this.click(at);
        else this.#touchHandle(grip.handle, event.altKey, at);
      },
    };
  }

  /** More annotations, or fewer, beside those that are selected. */
  #choosing(): Hold {
    const { selection } = this.#review;
    const before = selection.ids;
    return {
      cursor: "crosshair",
      follow: (at, from) => {
        const [one, other] = [this.#viewport.imageFromView(from), this.#viewport.imageFromView(at)];
        this.frame = {
          x1: Math.min(one.x, other.x),
          y1: Math.min(one.y, other.y),
          x2: Math.max(one.x, other.x),
          y2: Math.max(one.y, other.y),
        };
        const across = annotationsAcross(this.#review.visibleAnnotations, this.frame).map(({ id }) => id);
        this.clicked = across.at(-1) ?? this.clicked;
        selection.set([...before, ...across]);
      },
      end: (at, isMoved) => {
        this.frame = null;
        const [annotation] = isMoved ? [] : this.#under(at);
        if (annotation) selection.toggle(annotation.id);
        // What is left of the selection is in sight as much as it was.
        this.clicked = this.#review.selected;
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
    else this.#tools.shaping.touch(handle, isRemoval);
  }

  #under(at: Point): Annotation[] {
    const { visibleAnnotations } = this.#review;
    return annotationsAt(visibleAnnotations, this.#viewport.imageFromView(at), CLICK_SLACK / this.#viewport.scale);
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
