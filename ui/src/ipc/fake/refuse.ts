import type { ApiError, ErrorCode } from "../bindings";

class Refused extends Error implements ApiError {
  constructor(readonly code: ErrorCode) {
    super(code);
  }
}

/** Rejects as the core does: with a code and a message for the log. */
export function refuse(code: ErrorCode): never {
  throw new Refused(code);
}
