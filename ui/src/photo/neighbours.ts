/** The images around the one that is shown: those that the strip may have, and whose cards are at hand. */
import type { ImageId } from "../ipc/bindings";

/** To either side. */
export const NEIGHBOURS = 8;

export function around(queue: readonly ImageId[], index: number): ImageId[] {
  return queue.slice(Math.max(0, index - NEIGHBOURS), index + NEIGHBOURS + 1);
}
