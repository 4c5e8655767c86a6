import type { refusals } from "../../messages/en/refusals";
import type { Refusal } from "../seam";

class Refused extends Error implements Refusal {
  constructor(readonly code: string) {
    super(code);
  }
}

/** Rejects as the core does: with a code and a message for the log. */
export function refuse(code: keyof typeof refusals): never {
  throw new Refused(code);
}
