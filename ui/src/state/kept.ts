/**
 * What this installation remembers of the window itself: its language, its keys, where one was. It lies in the web
 * view's own storage, because the core's settings have no field for it. Nothing of the library is here.
 */
export type KeptName =
  | "error_limit"
  | "folded"
  | "language"
  | "keyboard"
  | "labels"
  | "recipe"
  | "screen"
  | "sidebar"
  | "thumbnails"
  | "tour"
  | "view";

const storage = typeof localStorage === "undefined" ? null : localStorage;

/** What was kept under this name; null when there is nothing, or something that an older window meant otherwise. */
export function recall<Value>(name: KeptName, isValid: (value: unknown) => value is Value): Value | null {
  try {
    const value: unknown = JSON.parse(storage?.getItem(place(name)) ?? "null");
    return isValid(value) ? value : null;
  } catch {
    // Not written by this window: as good as nothing.
    return null;
  }
}

export function keep(name: KeptName, value: unknown): void {
  try {
    storage?.setItem(place(name), JSON.stringify(value));
  } catch (problem) {
    // A full disk costs the memory of a sidebar's width, not the work.
    console.warn(problem);
  }
}

function place(name: KeptName): string {
  return `fieldmark.${name}`;
}
