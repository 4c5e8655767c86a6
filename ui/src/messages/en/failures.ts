import type { FailureKind } from "../../api/bindings";

/** Why an image failed, in short. */
export const failures: Record<FailureKind, string> = {
  file_missing: "File missing",
  file_unreadable: "File unreadable",
  model_failed: "No answer",
  expired: "Batch expired",
  refused: "Image refused",
  declined: "Model declined",
  cut_off: "Answer cut off",
  answer_unreadable: "Answer unreadable",
  answer_unusable: "Answer unusable",
  coordinates_as_fractions: "0..1 coordinates",
  coordinates_as_thousandths: "0..1000 coordinates",
  internal_error: "Internal error",
};
