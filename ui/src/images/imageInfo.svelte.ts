/** The facts about the image in the info panel. The place is read only on request. */
import type { ImageId, ImageInfo, Position } from "../api/bindings";
import type { Core } from "../api/core";

type Place = { is: "hidden" } | { is: "unknown" } | { is: "known"; position: Position };

export class ShownInfo {
  /** Null until the core has answered. */
  info = $state.raw<ImageInfo | null>(null);
  hasFailed = $state(false);
  place = $state.raw<Place>({ is: "hidden" });

  readonly #core: Pick<Core, "imageInfo" | "imagePosition">;
  #image: ImageId | null = null;

  constructor(core: Pick<Core, "imageInfo" | "imagePosition">) {
    this.#core = core;
  }

  /** Reads about an image; the same again if it may have changed. */
  async show(image: ImageId): Promise<void> {
    if (image !== this.#image) {
      this.#image = image;
      this.info = null;
      this.place = { is: "hidden" };
    }
    const info = await this.#core.imageInfo(image).catch(() => null);
    if (image !== this.#image) return;
    this.info = info;
    this.hasFailed = info === null;
  }

  /** Shows the coordinates that the file states. Nothing is sent anywhere. */
  async showPlace(): Promise<void> {
    const image = this.#image;
    if (image === null) return;
    const position = await this.#core.imagePosition(image);
    if (image === this.#image) this.place = position === null ? { is: "unknown" } : { is: "known", position };
  }
}
