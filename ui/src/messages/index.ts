/** All messages in the current language. Components have no text of their own. */
import type { ApiError } from "../api/bindings";
import { en } from "./en";
import { es } from "./es";
import { type Language, language } from "./language.svelte";
import type { Translation } from "./translation";

type Catalogue = Translation<typeof en>;

const CATALOGUES: Record<Language, Catalogue> = { en, es };

/** Reactive to the language. */
export const words = Object.defineProperties(
  {},
  Object.fromEntries(
    (Object.keys(en) as (keyof Catalogue)[]).map((part) => [
      part,
      { enumerable: true, get: () => CATALOGUES[language.current][part] },
    ]),
  ),
) as Catalogue;

/** The translated name of a built-in recipe; other names as they are. */
export function recipeName(name: string): string {
  return translated(words.builtIn.recipes, name);
}

/** The translated name of a built-in model; other names as they are. */
export function modelName(name: string): string {
  return translated(words.builtIn.models, name);
}

function translated(names: Readonly<Record<string, string>>, name: string): string {
  return Object.hasOwn(names, name) ? (names[name] ?? name) : name;
}

/** The message for a failed call. Errors from elsewhere show their own message. */
export function errorMessage(error: unknown): string {
  if (isApiError(error)) return words.errors[error.code];
  return words.frame.unknownError(error instanceof Error ? error.message : String(error));
}

function isApiError(error: unknown): error is Pick<ApiError, "code"> {
  if (typeof error !== "object" || error === null || !("code" in error)) return false;
  return typeof error.code === "string" && Object.hasOwn(words.errors, error.code);
}
