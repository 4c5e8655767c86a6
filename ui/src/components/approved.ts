import type { Annotation } from "../api/bindings";

/** Whether a person approved the annotation. */
export function isApproved({ status }: Annotation): boolean {
  return status === "accepted" || status === "edited";
}
