/** Asks for the reason of a rejection for a moment; answered by a digit or not at all. */
import type { RejectReason } from "../api/bindings";
import type { PendingDecision } from "./verdict";

/** How long a rejection waits for a reason. */
const REASON_MILLIS = 6000;
/** How long the given reason stays visible. */
const REASON_GIVEN_MILLIS = 1600;

/** A rejection that can still get a reason. */
export interface Rejected {
  decision: PendingDecision;
  /** File name of the image. */
  name: string;
  /** Number of rejected annotations. */
  annotations: number;
  reason: RejectReason | null;
  /** Whether the core stored the rejection. */
  stored: Promise<boolean>;
}

export class ReasonPrompt {
  rejected = $state.raw<Rejected | null>(null);
  #timer: ReturnType<typeof setTimeout> | undefined;

  begin(rejected: Rejected): void {
    this.rejected = rejected;
    this.#endIn(REASON_MILLIS);
  }

  /** Sets the reason. Returns the rejection, or null if none is waiting. */
  answer(reason: RejectReason): Rejected | null {
    const { rejected } = this;
    if (rejected === null || rejected.reason !== null) return null;
    this.rejected = { ...rejected, reason };
    this.#endIn(REASON_GIVEN_MILLIS);
    return rejected;
  }

  end(): void {
    clearTimeout(this.#timer);
    this.rejected = null;
  }

  #endIn(milliseconds: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => (this.rejected = null), milliseconds);
  }
}
