/** Images that look alike: of every twelve, some of the second six show what the first six show. */
import type { ImageId } from "../bindings";
import { chance } from "./photos";

const BURST = 12;
const SALT = 70;
const FOLLOWING = 0.6;

/** By the first of each group, those that follow it. */
export function followersOf(ids: readonly ImageId[]): Map<ImageId, ImageId[]> {
  const all = new Set(ids);
  const followers = new Map<ImageId, ImageId[]>();
  for (const image of ids) {
    const isSecond = (image - 1) % BURST >= BURST / 2;
    const first = image - BURST / 2;
    if (isSecond && all.has(first) && chance(image, SALT) < FOLLOWING)
      followers.set(first, [...(followers.get(first) ?? []), image]);
  }
  return followers;
}
