/** Which filter groups the user has collapsed; remembered. */
import { keep, recall } from "../state/kept";

export type GroupName = "labels" | "confidence" | "annotations" | "checks" | "taken" | "runs" | "failures";

export function isCollapsed(group: GroupName): boolean {
  return folded().includes(group);
}

export function collapse(group: GroupName, isNowFolded: boolean): void {
  if (isNowFolded === isCollapsed(group)) return;
  const others = folded().filter((each) => each !== group);
  keep("folded", isNowFolded ? [...others, group] : others);
}

function folded(): string[] {
  return recall("folded", isNames) ?? [];
}

function isNames(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((each) => typeof each === "string");
}
