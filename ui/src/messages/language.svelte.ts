/** The window's language: the user's choice, or the system's if it is supported. */
import { keep, recall } from "../state/kept";

export const LANGUAGES = ["en", "es"] as const;
export type Language = (typeof LANGUAGES)[number];
export type LanguageChoice = "system" | Language;

/** How numbers, money and dates are written. Day before month in both. */
interface Locales {
  numbers: string;
  days: string;
}

const LOCALES: Record<Language, Locales> = {
  en: { numbers: "en-US", days: "en-GB" },
  es: { numbers: "es-ES", days: "es-ES" },
};

class WindowLanguage {
  choice = $state<LanguageChoice>(recall("language", isChoice) ?? "system");
  readonly current = $derived<Language>(this.choice === "system" ? systemLanguage() : this.choice);
  readonly locales = $derived<Locales>(LOCALES[this.current]);

  choose(choice: LanguageChoice): void {
    this.choice = choice;
    keep("language", choice);
  }
}

export const language = new WindowLanguage();

function systemLanguage(): Language {
  const wanted = typeof navigator === "undefined" ? [] : (navigator.languages ?? [navigator.language]);
  return wanted.map((tag) => LANGUAGES.find((each) => tag.startsWith(each))).find((each) => each) ?? "en";
}

function isChoice(value: unknown): value is LanguageChoice {
  return value === "system" || LANGUAGES.some((each) => each === value);
}
