import type { Annotation } from "../ipc/bindings";

/** Whether a person has said that the mark is right. */
export function isApproved({ status }: Annotation): boolean {
  return status === "accepted" || status === "edited";
}
