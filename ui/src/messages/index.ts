/** All words of the window, in its language. Components take them from here and hold none of their own. */
import { en } from "./en";
import { es } from "./es";
import { type Language, language } from "./language.svelte";
import type { Words } from "./words";

type Catalogue = Words<typeof en>;

const CATALOGUES: Record<Language, Catalogue> = { en, es };

/** Whatever reads a word is done again when the language changes. */
export const words = Object.defineProperties(
  {},
  Object.fromEntries(
    (Object.keys(en) as (keyof Catalogue)[]).map((part) => [
      part,
      { enumerable: true, get: () => CATALOGUES[language.current][part] },
    ]),
  ),
) as Catalogue;

/** What to tell a person about a refused call; codes this window does not know show the core's own message. */
export function refusalWords(refused: unknown): string {
  if (typeof refused === "object" && refused !== null && "code" in refused) {
    const { code, message } = refused as { code: string; message?: string };
    const known: Record<string, string | undefined> = words.refusals;
    return known[code] ?? words.frame.refused(message ?? code);
  }
  return words.frame.refused(refused instanceof Error ? refused.message : String(refused));
}
