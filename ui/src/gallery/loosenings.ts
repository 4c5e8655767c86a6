/** Which one condition to take away when nothing is found. */
import type { Seam } from "../ipc/seam";
import type { Question } from "./question.svelte";

export interface Loosening {
  /** Of the condition; null is the collection. */
  place: number | null;
  /** Images there are without it. */
  found: number;
}

/** The ways on which something is found, the narrowest first: it is nearest to what was asked for. */
export async function loosenings(seam: Pick<Seam, "imageIds">, question: Question): Promise<Loosening[]> {
  const places: (number | null)[] = question.conditions.map((_, place) => place);
  if (question.query.collection !== null) places.push(null);
  const ways = await Promise.all(
    places.map(async (place) => ({ place, found: (await seam.imageIds(question.without(place))).length })),
  );
  return ways.filter(({ found }) => found > 0).sort((one, other) => one.found - other.found);
}
