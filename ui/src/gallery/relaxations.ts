/** Which condition to remove when nothing matches. */
import type { Core } from "../api/core";
import type { Question } from "./question.svelte";

export interface Relaxation {
  /** Index of the condition; null for the collection. */
  place: number | null;
  /** Number of images without it. */
  found: number;
}

/** Removals that find something, fewest images first, since those are nearest to the query. */
export async function relaxations(core: Pick<Core, "imageIds">, question: Question): Promise<Relaxation[]> {
  const places: (number | null)[] = question.conditions.map((_, place) => place);
  if (question.query.collection !== null) places.push(null);
  const targets = await Promise.all(
    places.map(async (place) => ({ place, found: (await core.imageIds(question.without(place))).length })),
  );
  return targets.filter(({ found }) => found > 0).sort((one, other) => one.found - other.found);
}
