/** Which groups of filters somebody has folded away; they stay so. */
import { keep, recall } from "../state/kept";

export type GroupName = "labels" | "confidence" | "annotations" | "checks" | "taken" | "runs" | "failures";

export function isFolded(group: GroupName): boolean {
  return folded().includes(group);
}

export function fold(group: GroupName, isNowFolded: boolean): void {
  if (isNowFolded === isFolded(group)) return;
  const others = folded().filter((each) => each !== group);
  keep("folded", isNowFolded ? [...others, group] : others);
}

function folded(): string[] {
  return recall("folded", isNames) ?? [];
}

function isNames(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((each) => typeof each === "string");
}
