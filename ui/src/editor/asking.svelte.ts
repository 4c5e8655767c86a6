/** After a rejection: why? Asked for a moment, answered by a digit or not at all. */
import type { RejectReason } from "../ipc/bindings";
import type { Said } from "./verdict";

/** How long a rejection waits for its reason. */
const REASON_MILLIS = 6000;
/** How long the given reason is confirmed. */
const REASON_GIVEN_MILLIS = 1600;

/** A rejection that can still be given a reason. */
export interface Rejected {
  said: Said;
  /** Of the image. */
  name: string;
  /** How many. */
  annotations: number;
  reason: RejectReason | null;
  /** Whether the core has taken it. */
  stored: Promise<boolean>;
}

export class Asking {
  rejected = $state.raw<Rejected | null>(null);
  #timer: ReturnType<typeof setTimeout> | undefined;

  begin(rejected: Rejected): void {
    this.rejected = rejected;
    this.#endIn(REASON_MILLIS);
  }

  /** The rejection that has its reason now; null when none waits for one. */
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
