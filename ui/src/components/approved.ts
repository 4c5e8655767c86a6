import type { Annotation } from "../ipc/bindings";

/** Whether a person approved the annotation. */
export function isApproved({ status }: Annotation): boolean {
  return status === "accepted" || status === "edited";
}
