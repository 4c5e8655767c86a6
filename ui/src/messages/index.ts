/** All messages in the current language. Components have no text of their own. */
import type { ApiError } from "../ipc/bindings";
import { en } from "./en";
import { es } from "./es";
import { type Language, language } from "./language.svelte";
import type { Words } from "./words";

type Catalogue = Words<typeof en>;

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

/** The message for a failed call. Errors from elsewhere show their own message. */
export function refusalWords(refused: unknown): string {
  if (isRefusal(refused)) return words.refusals[refused.code];
  return words.frame.unknownError(refused instanceof Error ? refused.message : String(refused));
}

function isRefusal(refused: unknown): refused is Pick<ApiError, "code"> {
  if (typeof refused !== "object" || refused === null || !("code" in refused)) return false;
  return typeof refused.code === "string" && Object.hasOwn(words.refusals, refused.code);
}
