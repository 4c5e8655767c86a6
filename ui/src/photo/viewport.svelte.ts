/**
 * Zoom and pan of an image, and the only mapping between image pixels and CSS pixels of the canvas, used by painting
 * and pointer input alike. Units: `image` is pixels of the upright image, `view` CSS pixels of the canvas, `device`
 * screen pixels.
 */
import type { ImageId, PixelSize, Rect } from "../api/bindings";

export interface Point {
  x: number;
  y: number;
}

/** Margin around a fitted image, in CSS pixels, for labels at its edges. */
export const FIT_MARGIN = 24;
/** Maximum device pixels per image pixel. */
export const DEEPEST_ZOOM = 32;
/** Factor of one zoom key press. */
export const ZOOM_STEP = 1.25;
/** Share of the view that a zoomed annotation fills. */
const ANNOTATION_SHARE = 0.6;
/** A point has no size, so this many image pixels around it are shown. */
const POINT_EXTENT = 64;
/** Annotations shorter than this on screen, in CSS pixels, are too small to judge. */
const TINY = 20;

export class Viewport {
  image = $state.raw<PixelSize>({ width: 1, height: 1 });
  /** Zero until the canvas is measured. */
  view = $state.raw<PixelSize>({ width: 0, height: 0 });
  /** Device pixels per CSS pixel. */
  pixelRatio = $state(1);
  /** CSS pixels per image pixel. */
  scale = $state(1);
  /** Upper left corner of the image, in the view. */
  offset = $state.raw<Point>({ x: 0, y: 0 });
  /** Whether the image stays fitted when the view is resized; until the user zooms or pans. */
  isFitted = $state(true);

  readonly isMeasured = $derived(this.view.width > 0 && this.view.height > 0);
  /** A request made before the canvas had a size, run once it has one. */
  #pending: (() => void) | null = null;
  #shown: ImageId | null = null;

  readonly fitScale = $derived.by(() => {
    const room = {
      width: Math.max(1, this.view.width - 2 * FIT_MARGIN),
      height: Math.max(1, this.view.height - 2 * FIT_MARGIN),
    };
    const filling = Math.min(room.width / this.image.width, room.height / this.image.height);
    // Tiny images are not enlarged without limit.
    return Math.min(filling, 4 / this.pixelRatio);
  });
  readonly smallestScale = $derived(Math.min(this.fitScale, 1 / this.pixelRatio) / 2);
  readonly largestScale = $derived(DEEPEST_ZOOM / this.pixelRatio);
  /** Zoom in percent: 100 is one device pixel per image pixel. */
  readonly percent = $derived(this.scale * this.pixelRatio * 100);

  /** Shows another image, fitted. The image with the same `id` keeps its zoom. */
  show(image: PixelSize, id: ImageId | null = null): void {
    const isShown = id !== null && id === this.#shown;
    if (isShown && image.width === this.image.width && image.height === this.image.height) return;
    this.#shown = id;
    this.image = image;
    this.#pending = null;
    this.fit();
  }

  /**
   * The canvas was resized. A fitted image stays fitted; otherwise the center stays. Ignored while the canvas has no
   * layout.
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

  /** Zooms by a factor around a point in the view. */
  zoomBy(factor: number, at: Point = this.#middle()): void {
    if (!this.isMeasured) return;
    this.#zoomTo(this.scale * factor, at);
  }

  /** Zooms to a [`percent`]. */
  zoomToPercent(percent: number, at: Point = this.#middle()): void {
    if (!this.#mayMeasure(() => this.zoomToPercent(percent))) return;
    this.#zoomTo(percent / 100 / this.pixelRatio, at);
  }

  panBy(dx: number, dy: number): void {
    if (!this.isMeasured) return;
    this.isFitted = false;
    this.offset = this.#clamped({ x: this.offset.x + dx, y: this.offset.y + dy });
  }

  /** Pans as little as possible to show a box, and zooms in if it is too small to judge. */
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

  /** Pans as little as possible to show a point. */
  revealPoint(at: Point): void {
    if (!this.#mayMeasure(() => this.revealPoint(at))) return;
    this.#bringIn(at, at);
  }

  /** Zooms so that a box fills a share of the view; never smaller than the whole image. */
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

  /** Whether the view has a size. If not, `later` replaces the pending request. */
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

  /** The image may be moved to the edge but not out of view: its nearest edge stays within the center of the view. */
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

/** Start of a span whose `middle` is centered in the room, as far as its ends allow. */
function framedAxis(middle: number, length: number, room: number): number {
  const free = room - length;
  if (free >= 2 * FIT_MARGIN) return free / 2;
  return Math.min(FIT_MARGIN, Math.max(free - FIT_MARGIN, room / 2 - middle));
}

/** Offset that moves a span into `0..room`; longer ones are centered. */
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
