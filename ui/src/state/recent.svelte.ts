/** Images viewed since the window was opened, latest first. */
import type { ImageCard, ImageId } from "../api/bindings";

export interface RecentImage {
  id: ImageId;
  name: string;
}

const MOST = 50;

export class RecentImages {
  all = $state.raw<readonly RecentImage[]>([]);

  note({ id, name }: Pick<ImageCard, "id" | "name">): void {
    if (this.all[0]?.id === id) return;
    this.all = [{ id, name }, ...this.all.filter((image) => image.id !== id)].slice(0, MOST);
  }
}
