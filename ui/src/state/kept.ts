/**
 * Remembered state of the window itself, such as language and keys, in the web view's local storage. Nothing of the
 * library is stored here.
 */
export type KeptName =
  | "budget"
  | "error_limit"
  | "export_folder"
  | "folded"
  | "info"
  | "language"
  | "keyboard"
  | "labels"
  | "model"
  | "pilot"
  | "recipe"
  | "recipe_drafts"
  | "screen"
  | "sidebar"
  | "thumbnails"
  | "tour"
  | "view";

const storage = typeof localStorage === "undefined" ? null : localStorage;

/** The value stored under this name; null if absent or invalid, for example from an older version. */
export function recall<Value>(name: KeptName, isValid: (value: unknown) => value is Value): Value | null {
  try {
    const value: unknown = JSON.parse(storage?.getItem(place(name)) ?? "null");
    return isValid(value) ? value : null;
  } catch {
    // Not valid JSON: treated as absent.
    return null;
  }
}

export function keep(name: KeptName, value: unknown): void {
  try {
    storage?.setItem(place(name), JSON.stringify(value));
  } catch (problem) {
    // A full disk may lose the sidebar's width, but must not interrupt work.
    console.warn(problem);
  }
}

function place(name: KeptName): string {
  return `fieldmark.${name}`;
}
