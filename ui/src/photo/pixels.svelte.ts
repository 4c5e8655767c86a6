/**
 * Image pixels, loaded once and cached: the current image and its neighbours, and larger levels of the current one for
 * zooming. Large levels are decoded to bitmaps off the main thread: an `img` of 50 megapixels would be decoded again
 * for every size, blocking the window.
 */
import { SvelteMap } from "svelte/reactivity";

import type { ImageId, PixelSize } from "../api/bindings";
import type { PixelEdge, Core } from "../api/core";

/** Both have width and height in their own pixels. */
export type Picture = HTMLImageElement | ImageBitmap;
type Loaded = Picture | "loading" | "failed";

/** A decoded 2048 level is 12 MB: the current image, one on each side, and one loading. */
const KEPT = { 384: 20, 2048: 4, 4096: 1, full: 1 } as const;
const EDGES: readonly PixelEdge[] = [384, 2048, 4096, "full"];
/** A level is sharp enough up to this magnification. */
const STRETCH = 1.05;
/** A level that is hardly smaller than the next is not worth its memory. */
const WORTH = 1.25;

export class Pixels {
  readonly #core: Pick<Core, "pixelUrl">;
  readonly #levels: Record<PixelEdge, SvelteMap<ImageId, Loaded>> = {
    384: new SvelteMap(),
    2048: new SvelteMap(),
    4096: new SvelteMap(),
    full: new SvelteMap(),
  };

  #inUse: ReadonlySet<ImageId> = new Set();

  constructor(core: Pick<Core, "pixelUrl">) {
    this.#core = core;
  }

  hasFailed(image: ImageId): boolean {
    return this.#levels[2048].get(image) === "failed";
  }

  /**
   * The picture to draw for an image with this long edge on screen, in device pixels: the smallest sharp level,
   * otherwise the largest loaded.
   */
  best(image: ImageId, longEdge: number): Picture | null {
    let best: Picture | null = null;
    for (const edge of EDGES) {
      const loaded = this.#levels[edge].get(image);
      if (loaded === undefined || typeof loaded === "string") continue;
      best = loaded;
      if (Math.max(loaded.width, loaded.height) * STRETCH >= longEdge) return best;
    }
    return best;
  }

  /** Loads the current image, then its neighbours, and keeps them. */
  show(image: ImageId, beside: ImageId[]): void {
    this.#inUse = new Set([image, ...beside]);
    for (const edge of [4096, "full"] as const)
      for (const other of [...this.#levels[edge].keys()]) if (other !== image) this.#forget(other, edge);
    this.#want(image, 2048);
    // A preview until then; usually the strip has loaded it already.
    if (typeof this.#levels[2048].get(image) !== "object") this.#want(image, 384);
    for (const neighbour of beside) this.#want(neighbour, 2048);
  }

  /** Loads the level that is sharp at this size; what is loaded is shown meanwhile. */
  sharpen(image: ImageId, size: PixelSize, longEdge: number): void {
    const whole = Math.max(size.width, size.height);
    if (Math.min(whole, longEdge) <= 2048 * STRETCH) return;
    this.#want(image, longEdge <= 4096 * STRETCH && whole > 4096 * WORTH ? 4096 : "full");
  }

  #want(image: ImageId, edge: PixelEdge): void {
    const level = this.#levels[edge];
    const present = level.get(image);
    if (present !== undefined && present !== "failed") return;
    level.set(image, "loading");
    this.#forgetOldest(edge);
    const url = this.#core.pixelUrl(image, edge);
    const loading = edge === 4096 || edge === "full" ? decodedBitmap(url) : decodedImage(url);
    loading.then(
      (picture) => {
        if (level.has(image)) level.set(image, picture);
        else close(picture);
      },
      () => level.has(image) && level.set(image, "failed"),
    );
  }

  #forgetOldest(edge: PixelEdge): void {
    const level = this.#levels[edge];
    for (const image of [...level.keys()]) {
      if (level.size <= KEPT[edge]) return;
      if (!this.#inUse.has(image)) this.#forget(image, edge);
    }
  }

  #forget(image: ImageId, edge: PixelEdge): void {
    const loaded = this.#levels[edge].get(image);
    this.#levels[edge].delete(image);
    if (typeof loaded === "object") close(loaded);
  }
}

async function decodedImage(url: string): Promise<HTMLImageElement> {
  const element = new Image();
  // Pixels from the core's scheme would taint the canvas otherwise.
  element.crossOrigin = "anonymous";
  element.src = url;
  await element.decode();
  return element;
}

async function decodedBitmap(url: string): Promise<ImageBitmap> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${response.status} ${url}`);
  return createImageBitmap(await response.blob());
}

/** Frees hundreds of megabytes at once instead of waiting for garbage collection. */
function close(picture: Picture): void {
  if (!(picture instanceof HTMLImageElement)) picture.close();
}
