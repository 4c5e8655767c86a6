/**
 * Pointer input on the photo besides panning and zooming: a press draws with the active tool or drags what is under it,
 * a click selects. Shift+click toggles an annotation, Shift+drag selects by rectangle.
 */
import type { Annotation, AnnotationId, Rect } from "../api/bindings";
import { CLICK_SLACK, type Drag, isNear, type PointerTarget } from "../photo/pointerInput.svelte";
import { MAX_TAG_LENGTH } from "../photo/labelText";
import type { Point, Viewport } from "../photo/viewport.svelte";
import { annotationsAcross, annotationsAt, nextUnder } from "./hit";
import type { Handle } from "./reshape";
import type { Review } from "./review.svelte";
import type { DragTarget } from "./shaping.svelte";
import type { Modifiers, Tools } from "./tools.svelte";

export class AnnotationPointer implements PointerTarget {
  readonly #review: Review;
  readonly #viewport: Viewport;
  readonly #tools: Tools;

  /** The annotation selected by a click, which is visible already. */
  clicked: AnnotationId | null = null;

  /** The selection rectangle, in image pixels. */
  frame = $state.raw<Rect | null>(null);

  #hovered = $state.raw<DragTarget | "annotation" | null>(null);
  /** The full label under the pointer, which may be shortened on the photo. */
  hoveredLabel = $state<string | undefined>();
  #latestClick: Point | null = null;

  readonly #drawing: Drag = {
    cursor: "crosshair",
    move: (at, _from, event) => this.#tools.movePointer(at, modifiersOf(event)),
    end: (at, isMoved, event) => {
      this.#tools.release(at, modifiersOf(event), isMoved);
      this.#keepInView();
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

  startDrag(at: Point, event: MouseEvent): Drag | null {
    if (this.#tools.isDrawing) {
      this.#tools.press(at, modifiersOf(event));
      this.#keepInView();
      return this.#drawing;
    }
    if (event.shiftKey) return this.#selecting();
    const target = this.#tools.dragTargetAt(at);
    return target && this.#dragging(target);
  }

  hover(at: Point, isPressed: boolean, event: MouseEvent): void {
    this.#tools.pointer = this.#viewport.imageFromView(at);
    this.hoveredLabel = undefined;
    if (isPressed) return;
    if (this.#tools.isDrawing) this.#tools.movePointer(at, modifiersOf(event));
    else {
      const all = this.#under(at);
      const under = all.find(({ id }) => this.#review.selection.has(id)) ?? all[0];
      this.#hovered = this.#tools.dragTargetAt(at) ?? (under ? "annotation" : null);
      if (under && under.label.length > MAX_TAG_LENGTH) this.hoveredLabel = under.label;
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

  #dragging(target: DragTarget): Drag {
    return {
      cursor: cursorOf(target),
      move: (at, from, event) => this.#tools.drag(target, from, at, modifiersOf(event)),
      end: (at, isMoved, event) => {
        if (isMoved) this.#tools.shaping.endDrag();
        else if (target.kind === "body") this.click(at);
        else this.#clickHandle(target.handle, event.altKey, at);
      },
    };
  }

  /** Adds to or removes from the selection. */
  #selecting(): Drag {
    const { selection } = this.#review;
    const before = selection.ids;
    return {
      cursor: "crosshair",
      move: (at, from) => {
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
        // The remaining selection is visible already.
        this.clicked = this.#review.selected;
      },
    };
  }

  /** A drawn annotation is visible already. */
  #keepInView(): void {
    this.clicked = this.#review.selected;
  }

  /** A click on a handle without an action selects what is below it. */
  #clickHandle(handle: Handle, isRemoval: boolean, at: Point): void {
    if (handle.kind === "side") this.click(at);
    else this.#tools.shaping.clickHandle(handle, isRemoval);
  }

  #under(at: Point): Annotation[] {
    const { visibleAnnotations } = this.#review;
    return annotationsAt(visibleAnnotations, this.#viewport.imageFromView(at), CLICK_SLACK / this.#viewport.scale);
  }
}

function cursorOf(target: DragTarget): string {
  if (target.kind === "body") return "move";
  const { handle } = target;
  if (handle.kind === "between") return "copy";
  if (handle.kind === "corner") return "grab";
  if (handle.across === 0) return "ns-resize";
  if (handle.down === 0) return "ew-resize";
  return handle.across === handle.down ? "nwse-resize" : "nesw-resize";
}

function modifiersOf(event: MouseEvent): Modifiers {
  return { isFree: event.altKey, isSquare: event.shiftKey };
}
