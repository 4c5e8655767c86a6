/** All messages in the current language. Components have no text of their own. */
import type { AppError } from "../ipc/bindings";
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
export function refusalWords(refused: unknown): string {
  if (isRefusal(refused)) return words.refusals[refused.code];
  return words.frame.unknownError(refused instanceof Error ? refused.message : String(refused));
}

function isRefusal(refused: unknown): refused is Pick<AppError, "code"> {
  if (typeof refused !== "object" || refused === null || !("code" in refused)) return false;
  return typeof refused.code === "string" && Object.hasOwn(words.refusals, refused.code);
}
