/**
 * uPlot formats numbers in the browser's language as soon as it is loaded, and throws if that is not a language tag: WebKit
 * on Linux reports "C" where no locale is set. Imported before uPlot. Fieldmark formats its figures itself.
 */
try {
  Intl.getCanonicalLocales(navigator.language);
} catch {
  Object.defineProperty(navigator, "language", { value: "en-US" });
}
