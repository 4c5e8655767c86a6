import type { Annotation } from "../ipc/bindings";

/** Whether a person has said that the annotation is right. */
export function isApproved({ status }: Annotation): boolean {
  return status === "accepted" || status === "edited";
}
