/** The images around the current one, for the strip. */
import type { ImageId } from "../api/bindings";

/** On each side. */
export const NEIGHBOURS = 8;

export function around(queue: readonly ImageId[], index: number): ImageId[] {
  return queue.slice(Math.max(0, index - NEIGHBOURS), index + NEIGHBOURS + 1);
}
