import type { FailureKind } from "../../ipc/bindings";

/** Why an image failed, in two words. */
export const failures: Record<FailureKind, string> = {
  file_missing: "File is gone",
  file_unreadable: "File unreadable",
  model_failed: "No answer",
  expired: "Batch expired",
  refused: "Image refused",
  declined: "Model declined",
  cut_off: "Answer cut off",
  answer_unreadable: "Answer unreadable",
};
