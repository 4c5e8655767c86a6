/** The facts about the image in the info panel. The place is read only on request. */
import type { ImageId, ImageInfo, Position } from "../ipc/bindings";
import type { Seam } from "../ipc/seam";

type Place = { is: "hidden" } | { is: "unknown" } | { is: "known"; position: Position };

export class ShownInfo {
  /** Null until the core has answered. */
  info = $state.raw<ImageInfo | null>(null);
  hasFailed = $state(false);
  place = $state.raw<Place>({ is: "hidden" });

  readonly #seam: Pick<Seam, "imageInfo" | "imagePosition">;
  #image: ImageId | null = null;

  constructor(seam: Pick<Seam, "imageInfo" | "imagePosition">) {
    this.#seam = seam;
  }

  /** Reads about an image; the same again if it may have changed. */
  async show(image: ImageId): Promise<void> {
    if (image !== this.#image) {
      this.#image = image;
      this.info = null;
      this.place = { is: "hidden" };
    }
    const info = await this.#seam.imageInfo(image).catch(() => null);
    if (image !== this.#image) return;
    this.info = info;
    this.hasFailed = info === null;
  }

  /** Shows the coordinates that the file states. Nothing is sent anywhere. */
  async showPlace(): Promise<void> {
    const image = this.#image;
    if (image === null) return;
    const position = await this.#seam.imagePosition(image);
    if (image === this.#image) this.place = position === null ? { is: "unknown" } : { is: "known", position };
  }
}
