/**
 * Where an image stands on the screen: zoom and pan, and the one mapping between image pixels and CSS pixels of the
 * canvas. Drawing and pointers go through it, so that a box lands where it is clicked.
 *
 * Lengths: `image` in pixels of the upright image, `view` in CSS pixels of the canvas, `device` in pixels of the screen.
 */
import type { ImageId, PixelSize, Rect } from "../ipc/bindings";

export interface Point {
  x: number;
  y: number;
}

/** Free room around a fitted image, in CSS pixels, so that tags of annotations at its edges have a place. */
export const FIT_MARGIN = 24;
/** One image pixel as at most this many device pixels. */
export const DEEPEST_ZOOM = 32;
/** One press of a zoom key. */
export const ZOOM_STEP = 1.25;
/** Of the view, what an annotation fills that is zoomed to. */
const ANNOTATION_SHARE = 0.6;
/** A point has no extent: so many pixels of the image around it are shown. */
const POINT_EXTENT = 64;
/** An annotation that is shorter than this on the screen, in CSS pixels, cannot be judged. */
const TINY = 20;

export class Viewport {
  image = $state.raw<PixelSize>({ width: 1, height: 1 });
  /** Zero until the canvas has been measured. */
  view = $state.raw<PixelSize>({ width: 0, height: 0 });
  /** Device pixels a CSS pixel. */
  pixelRatio = $state(1);
  /** CSS pixels an image pixel. */
  scale = $state(1);
  /** Where the upper left corner of the image is, in the view. */
  offset = $state.raw<Point>({ x: 0, y: 0 });
  /** Whether the image follows the size of the view, until somebody zooms or pans. */
  isFitted = $state(true);

  readonly isMeasured = $derived(this.view.width > 0 && this.view.height > 0);
  /** What was asked for before the canvas had a size: it is done once it has one. */
  #pending: (() => void) | null = null;
  #shown: ImageId | null = null;

  readonly fitScale = $derived.by(() => {
    const room = {
      width: Math.max(1, this.view.width - 2 * FIT_MARGIN),
      height: Math.max(1, this.view.height - 2 * FIT_MARGIN),
    };
    const filling = Math.min(room.width / this.image.width, room.height / this.image.height);
    // A picture of a few pixels is not blown up into a blur.
    return Math.min(filling, 4 / this.pixelRatio);
  });
  readonly smallestScale = $derived(Math.min(this.fitScale, 1 / this.pixelRatio) / 2);
  readonly largestScale = $derived(DEEPEST_ZOOM / this.pixelRatio);
  /** Device pixels an image pixel, as people read zoom: 100 is sharp, one to one. */
  readonly percent = $derived(this.scale * this.pixelRatio * 100);

  /** Shows another image, fitted. The one with the `id` that is shown already stays as it was zoomed. */
  show(image: PixelSize, id: ImageId | null = null): void {
    const isShown = id !== null && id === this.#shown;
    if (isShown && image.width === this.image.width && image.height === this.image.height) return;
    this.#shown = id;
    this.image = image;
    this.#pending = null;
    this.fit();
  }

  /**
   * The canvas has another size. A fitted image stays fitted; otherwise what is in the middle stays there. A canvas that
   * is not laid out has no size, and changes nothing.
   */
  resize(view: PixelSize, pixelRatio: number): void {
    if (view.width <= 0 || view.height <= 0) return;
    if (!this.isMeasured) {
      this.view = view;
      this.pixelRatio = pixelRatio;
      this.fit();
      const pending = this.#pending;
      this.#pending = null;
      pending?.();
      return;
    }
    const middle = this.imageFromView({ x: this.view.width / 2, y: this.view.height / 2 });
    const devicePixels = this.scale * this.pixelRatio;
    this.view = view;
    this.pixelRatio = pixelRatio;
    if (this.isFitted) this.fit();
    else {
      this.scale = devicePixels / pixelRatio;
      this.#placeAt(middle, { x: view.width / 2, y: view.height / 2 });
    }
  }

  fit(): void {
    if (!this.#mayMeasure(() => this.fit())) return;
    this.scale = this.fitScale;
    this.isFitted = true;
    this.offset = {
      x: (this.view.width - this.image.width * this.scale) / 2,
      y: (this.view.height - this.image.height * this.scale) / 2,
    };
  }

  /** Zooms by a factor and keeps the image point under `at` (in the view) where it is. */
  zoomBy(factor: number, at: Point = this.#middle()): void {
    if (!this.isMeasured) return;
    this.#zoomTo(this.scale * factor, at);
  }

  /** Zooms to a percentage as [`percent`] counts. */
  zoomToPercent(percent: number, at: Point = this.#middle()): void {
    if (!this.#mayMeasure(() => this.zoomToPercent(percent))) return;
    this.#zoomTo(percent / 100 / this.pixelRatio, at);
  }

  panBy(dx: number, dy: number): void {
    if (!this.isMeasured) return;
    this.isFitted = false;
    this.offset = this.#clamped({ x: this.offset.x + dx, y: this.offset.y + dy });
  }

  /** Brings a box into view by moving as little as possible, and closer when it is too small to judge. */
  reveal(box: Rect): void {
    if (!this.#mayMeasure(() => this.reveal(box))) return;
    const long = Math.max(box.x2 - box.x1, box.y2 - box.y1) * this.scale;
    const middle = { x: (box.x1 + box.x2) / 2, y: (box.y1 + box.y2) / 2 };
    if (long < TINY) {
      this.scale = this.#clampedScale((this.scale * 3 * TINY) / Math.max(long, 1));
      this.isFitted = false;
      this.#placeAt(middle, this.#middle());
      return;
    }
    this.#bringIn({ x: box.x1, y: box.y1 }, { x: box.x2, y: box.y2 });
  }

  /** Brings a point into view by moving as little as possible. */
  revealPoint(at: Point): void {
    if (!this.#mayMeasure(() => this.revealPoint(at))) return;
    this.#bringIn(at, at);
  }

  /**
   * Shows a box so that it takes a share of the view, with what is around it: never smaller than the whole image, and no
   * more beside the image than there is need.
   */
  zoomTo(box: Rect, share = ANNOTATION_SHARE, mostScale = this.largestScale): void {
    if (!this.#mayMeasure(() => this.zoomTo(box, share, mostScale))) return;
    const width = box.x2 - box.x1 || POINT_EXTENT;
    const height = box.y2 - box.y1 || POINT_EXTENT;
    const filling = Math.min(this.view.width / width, this.view.height / height) * share;
    const scale = this.#clampedScale(Math.min(filling, mostScale));
    if (scale <= this.fitScale) {
      this.fit();
      return;
    }
    this.scale = scale;
    this.isFitted = false;
    this.offset = {
      x: framedAxis(((box.x1 + box.x2) / 2) * scale, this.image.width * scale, this.view.width),
      y: framedAxis(((box.y1 + box.y2) / 2) * scale, this.image.height * scale, this.view.height),
    };
  }

  viewFromImage(point: Point): Point {
    return { x: this.offset.x + point.x * this.scale, y: this.offset.y + point.y * this.scale };
  }

  imageFromView(point: Point): Point {
    return { x: (point.x - this.offset.x) / this.scale, y: (point.y - this.offset.y) / this.scale };
  }

  /** Whether the view has a size. Without one `later` is kept, in place of what was kept before. */
  #mayMeasure(later: () => void): boolean {
    if (!this.isMeasured) this.#pending = later;
    return this.isMeasured;
  }

  #bringIn(corner: Point, opposite: Point): void {
    const [from, to] = [this.viewFromImage(corner), this.viewFromImage(opposite)];
    const dx = shiftInto(from.x, to.x, this.view.width);
    const dy = shiftInto(from.y, to.y, this.view.height);
    if (dx !== 0 || dy !== 0) this.panBy(dx, dy);
  }

  #middle(): Point {
    return { x: this.view.width / 2, y: this.view.height / 2 };
  }

  #clampedScale(scale: number): number {
    return Math.min(this.largestScale, Math.max(this.smallestScale, scale));
  }

  #zoomTo(scale: number, at: Point): void {
    const anchor = this.imageFromView(at);
    this.scale = this.#clampedScale(scale);
    this.isFitted = false;
    this.#placeAt(anchor, at);
  }

  #placeAt(imagePoint: Point, viewPoint: Point): void {
    this.offset = this.#clamped({
      x: viewPoint.x - imagePoint.x * this.scale,
      y: viewPoint.y - imagePoint.y * this.scale,
    });
  }

  /** An image can be pushed to the edge, never out of sight: its nearest edge stays within the middle of the view. */
  #clamped(offset: Point): Point {
    return {
      x: clampAxis(offset.x, this.image.width * this.scale, this.view.width),
      y: clampAxis(offset.y, this.image.height * this.scale, this.view.height),
    };
  }
}

function clampAxis(offset: number, length: number, room: number): number {
  return Math.min(room / 2, Math.max(room / 2 - length, offset));
}

/** Where a length begins whose `middle` is to be in the middle of the room, or as near as its ends allow. */
function framedAxis(middle: number, length: number, room: number): number {
  const free = room - length;
  if (free >= 2 * FIT_MARGIN) return free / 2;
  return Math.min(FIT_MARGIN, Math.max(free - FIT_MARGIN, room / 2 - middle));
}

/** By how much to move a span so that it lies in `0..room`; a longer one is centred. */
function shiftInto(from: number, to: number, room: number): number {
  const free = Math.min(FIT_MARGIN, room / 4);
  if (to - from > room - 2 * free) {
    const isSeen = from < room - free && to > free;
    return isSeen ? 0 : room / 2 - (from + to) / 2;
  }
  if (from < free) return free - from;
  if (to > room - free) return room - free - to;
  return 0;
}
