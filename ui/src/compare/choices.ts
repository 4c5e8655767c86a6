/** Choices on a compared image as shown: the core's, and those that are being stored. The core knows what they change. */
import type { Choice, ChosenPair, ComparedPair, ImageCard, SideChoice, Sides } from "../api/bindings";

export type SideName = keyof Sides;

/** An image with both sides and its current annotations. Pairs keep their index while the image is shown. */
export interface Compared {
  sides: Sides;
  card: ImageCard;
  pairs: readonly ChosenPair[];
  /** Indices of removed pairs that were not on the image, so that nothing is stored. */
  passed: ReadonlySet<number>;
}

export const SIDE_NAMES: readonly SideName[] = ["first", "second"];

export function isDifference({ agreement }: ComparedPair): boolean {
  return agreement !== "agreed";
}

/** The current choice; null if undecided. */
export function choiceOf({ pairs, passed }: Compared, place: number): Choice | null {
  return pairs[place]?.choice ?? (passed.has(place) ? "neither" : null);
}

/** Whether a side's annotation was rejected. */
export function isRejected(compared: Compared, place: number, of: SideName): boolean {
  const choice = choiceOf(compared, place);
  return choice !== null && choice !== "both" && choice !== of;
}

/** Indices of undecided differences. */
export function undecided(compared: Compared): number[] {
  return compared.pairs.flatMap((pair, place) =>
    isDifference(pair) && choiceOf(compared, place) === null ? [place] : [],
  );
}

/** The image while a choice is being stored. */
export function withChoice(compared: Compared, choice: SideChoice): Compared {
  const pairs = compared.pairs.map((pair, place): ChosenPair => {
    if (choice.kind === "pair") return place === choice.index ? { ...pair, choice: choice.choice } : pair;
    return pair.is_agreement_open ? { ...pair, choice: "first", is_agreement_open: false } : pair;
  });
  return { ...compared, pairs };
}
