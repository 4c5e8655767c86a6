/** Images that are being asked about: how long already, and what has come of their answers so far. */
import type { ImageId, InFlight, Label, PreviewAnnotation } from "../bindings";
import { photoOf } from "./photos";

export class FakeFlight {
  /** When each was sent, in the run's own time. */
  readonly #since = new Map<ImageId, number>();

  /** These are under way from now on, unless they were before; all others are not. */
  note(images: readonly ImageId[], elapsed: number): void {
    const flying = new Set(images);
    for (const image of this.#since.keys()) if (!flying.has(image)) this.#since.delete(image);
    for (const image of images) if (!this.#since.has(image)) this.#since.set(image, elapsed);
  }

  /**
   * `finishedIn`: how long until an image is answered, by its place in the queue; `took`: what will be said of it then.
   */
  states(
    images: readonly ImageId[],
    elapsed: number,
    finishedIn: (place: number) => number,
    took: (image: ImageId) => number,
    labels: readonly Label[] | null,
  ): InFlight[] {
    return images.map((image, place): InFlight => {
      const flown = elapsed - (this.#since.get(image) ?? elapsed);
      const share = flown / (flown + finishedIn(place));
      return {
        image,
        since_millis: 20 + Math.round(share * took(image)),
        size: photoOf(image).size,
        preview: labels === null ? [] : previewOf(image, share, labels),
      };
    });
  }
}

/** Annotations come one by one, the last of them shortly before the answer is whole. */
function previewOf(image: ImageId, share: number, labels: readonly Label[]): PreviewAnnotation[] {
  const annotations = photoOf(image).annotations.flatMap(({ label, rect }) => {
    const asked = labels.find(({ name }) => name === label);
    return asked ? [{ label, color: asked.color, shape: { kind: "box" as const, rect } }] : [];
  });
  return annotations.slice(0, Math.floor(share * (annotations.length + 1.5)));
}
