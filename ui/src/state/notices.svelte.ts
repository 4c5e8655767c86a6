/** Notices: short messages over any screen, which dismiss themselves. */
import { errorMessage } from "../messages";
import { visible } from "../messages/visible";

export type NoticeTone = "plain" | "good" | "bad";

export interface Notice {
  id: number;
  text: string;
  tone: NoticeTone;
  action: {
    label: string;
    do: () => void;
    /** Dismissed when the screen changes, because its action applies only here. */
    isForHere?: true;
  } | null;
}

const NOTICE_MILLIS = 6000;
const BAD_NOTICE_MILLIS = 12000;
const MAX_NOTICES = 3;

/** Whether a call failed because the core cannot be reached. */
export function isConnectionError(error: unknown): boolean {
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : null;
  return code === "unreachable" || code === "signed_out";
}

export class Notices {
  list = $state.raw<Notice[]>([]);
  #latest = 0;

  show(message: string, tone: NoticeTone = "plain", action: Notice["action"] = null): void {
    const text = visible(message);
    const id = ++this.#latest;
    this.list = [...this.list.filter((notice) => notice.text !== text), { id, text, tone, action }].slice(-MAX_NOTICES);
    setTimeout(() => this.dismiss(id), tone === "bad" ? BAD_NOTICE_MILLIS : NOTICE_MILLIS);
  }

  /** Shows why a call failed, unless the connection is lost, which the window shows elsewhere. Details go to the log. */
  refused(error: unknown): void {
    console.warn(error);
    if (isConnectionError(error)) return;
    this.show(errorMessage(error), "bad");
  }

  dismiss(id: number): void {
    this.list = this.list.filter((notice) => notice.id !== id);
  }

  /** Dismisses notices whose action applies only to the screen or step that was left. */
  dismissForHere(): void {
    this.list = this.list.filter(({ action }) => !action?.isForHere);
  }

  /** Runs a call that may fail; a failure is shown, and the result is undefined. */
  async attempt<Answer>(action: () => Promise<Answer>): Promise<Answer | undefined> {
    try {
      return await action();
    } catch (error) {
      this.refused(error);
      return undefined;
    }
  }
}
