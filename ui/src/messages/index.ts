/** All words of the window. Components take them from here and hold none of their own. */
import { actions } from "./en/actions";
import { frame } from "./en/frame";
import { history } from "./en/history";
import { library } from "./en/library";
import { plan } from "./en/plan";
import { refusals } from "./en/refusals";
import { review } from "./en/review";
import { run } from "./en/run";
import { settings } from "./en/settings";

export const words = { actions, frame, library, plan, run, review, history, settings, refusals };

/** What to tell a person about a refused call; codes this window does not know show the core's own message. */
export function refusalWords(refused: unknown): string {
  if (typeof refused === "object" && refused !== null && "code" in refused) {
    const { code, message } = refused as { code: string; message?: string };
    const known: Record<string, string | undefined> = refusals;
    return known[code] ?? words.frame.refused(message ?? code);
  }
  return words.frame.refused(refused instanceof Error ? refused.message : String(refused));
}
