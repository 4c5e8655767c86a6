/** What one mark needs so that it is no mistake any more. The core repairs many at once by the same rules. */
import type { Annotation, Mistake, MarkChange, PixelSize } from "../ipc/bindings";
import { boundsOf } from "../kit/shape";

/** What a repair does to a mark, for the words about it. */
export type Repair = "reject" | "remove" | "cut" | "relabel";

export function repairOf(mistake: Mistake, mark: Annotation, size: PixelSize): Repair {
  if (mistake.check === "misspelled" && mistake.label !== null) return "relabel";
  if (mistake.check === "outside" && liesPartlyIn(mark, size)) return "cut";
  return mark.origin.kind === "person" ? "remove" : "reject";
}

export function repairChange(mistake: Mistake, mark: Annotation, size: PixelSize): MarkChange {
  const { id, label, shape, attributes } = mark;
  switch (repairOf(mistake, mark, size)) {
    case "relabel":
      return { kind: "change", id, mark: { label: mistake.label ?? label, shape, attributes } };
    // What reaches over the edge is cut off wherever a mark is changed.
    case "cut":
      return { kind: "change", id, mark: { label, shape, attributes } };
    case "remove":
      return { kind: "remove", id };
    case "reject": {
      const reason = mistake.check === "duplicate" ? "duplicate" : "bad_box";
      return { kind: "decide", id, verdict: { kind: "reject", reason } };
    }
  }
}

/** Of what lies beside the image nothing is left to cut. */
function liesPartlyIn(mark: Annotation, { width, height }: PixelSize): boolean {
  const bounds = boundsOf(mark.shape);
  return bounds !== null && bounds.x1 < width && bounds.y1 < height && bounds.x2 > 0 && bounds.y2 > 0;
}
