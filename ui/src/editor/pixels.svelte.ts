/** Pixels of images, loaded once and kept for a while: the one shown, its neighbours, and one at full size. */
import { SvelteMap } from "svelte/reactivity";

import type { ImageId } from "../ipc/bindings";
import type { PixelEdge, Seam } from "../ipc/seam";

/** A decoded 2048 level is 12 MB: the one shown, one to each side, and one on its way. */
const KEPT = { 384: 20, 2048: 4, full: 1 } as const;

export type Loaded = HTMLImageElement | "loading" | "failed";

export class Pixels {
  readonly #seam: Pick<Seam, "pixelUrl">;
  readonly #levels: Record<PixelEdge, SvelteMap<ImageId, Loaded>> = {
    384: new SvelteMap(),
    2048: new SvelteMap(),
    full: new SvelteMap(),
  };

  #inUse: ReadonlySet<ImageId> = new Set();

  constructor(seam: Pick<Seam, "pixelUrl">) {
    this.#seam = seam;
  }

  /** What there is of it so far. */
  at(image: ImageId, edge: PixelEdge): Loaded | undefined {
    return this.#levels[edge].get(image);
  }

  /** The sharpest that has arrived. */
  best(image: ImageId): HTMLImageElement | null {
    for (const edge of ["full", 2048, 384] as const) {
      const loaded = this.at(image, edge);
      if (loaded instanceof HTMLImageElement) return loaded;
    }
    return null;
  }

  /** Loads the image in front of the person first, then what lies beside it; those stay. */
  show(image: ImageId, beside: ImageId[]): void {
    this.#inUse = new Set([image, ...beside]);
    this.want(image, 2048);
    // Something to look at until then; most often the strip below has it already.
    if (!(this.at(image, 2048) instanceof HTMLImageElement)) this.want(image, 384);
    for (const neighbour of beside) this.want(neighbour, 2048);
  }

  want(image: ImageId, edge: PixelEdge): void {
    const level = this.#levels[edge];
    const present = level.get(image);
    if (present !== undefined && present !== "failed") return;
    const element = new Image();
    // Without it the canvas would be tainted by pixels from the core's own scheme.
    element.crossOrigin = "anonymous";
    element.src = this.#seam.pixelUrl(image, edge);
    level.set(image, "loading");
    this.#forgetOldest(edge);
    element.decode().then(
      () => level.has(image) && level.set(image, element),
      () => level.has(image) && level.set(image, "failed"),
    );
  }

  #forgetOldest(edge: PixelEdge): void {
    const level = this.#levels[edge];
    for (const image of level.keys()) {
      if (level.size <= KEPT[edge]) return;
      if (!this.#inUse.has(image)) level.delete(image);
    }
  }
}
