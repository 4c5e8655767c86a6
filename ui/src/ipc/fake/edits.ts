/** What a person's changes make of the annotations of an image. */
import type {
  Annotation,
  AnnotationId,
  ImageCard,
  AnnotationChange,
  PixelSize,
  Point,
  Shape,
  Verdict,
} from "../bindings";
import { colorOf } from "./recipes";
import { refuse } from "./refuse";

/** The annotations after the changes, and those that these were about. */
export function changedAnnotations(
  card: ImageCard,
  changes: AnnotationChange[],
  nextId: () => AnnotationId,
): { annotations: Annotation[]; touched: { id: AnnotationId }[] } {
  let annotations = card.annotations;
  const touched = changes.map((change): Annotation => {
    if (change.kind === "add" || change.kind === "adopt") {
      const { label, shape, attributes } = change.content;
      const isAdopted = change.kind === "adopt";
      const drawn: Annotation = {
        id: nextId(),
        origin: isAdopted ? { kind: "run", run: change.run } : { kind: "person" },
        propagated_from: null,
        label: named(label),
        color: colorOf(label),
        shape: fitted(shape, card.size),
        confidence: isAdopted ? change.confidence : null,
        attributes,
        status: "accepted",
        reject_reason: null,
      };
      annotations = [...annotations, drawn];
      return drawn;
    }
    const before = annotations.find(({ id }) => id === change.id);
    if (!before) return refuse("library");
    const isOwn = before.origin.kind === "person";
    if (change.kind === "change") {
      const { label, shape, attributes } = change.content;
      const after: Annotation = {
        ...before,
        label: named(label),
        color: label === before.label ? before.color : colorOf(label),
        shape: fitted(shape, card.size),
        attributes,
        status: isOwn ? "accepted" : "edited",
        reject_reason: null,
      };
      annotations = annotations.map((annotation) => (annotation.id === change.id ? after : annotation));
    } else if (change.kind === "decide") {
      const after = withVerdict(before, change.verdict);
      annotations = annotations.map((annotation) => (annotation.id === change.id ? after : annotation));
    } else if (isOwn) {
      annotations = annotations.filter(({ id }) => id !== change.id);
    } else {
      annotations = annotations.map((annotation) =>
        annotation.id === change.id ? { ...annotation, status: "rejected", reject_reason: null } : annotation,
      );
    }
    return before;
  });
  return { annotations, touched };
}

/** An annotation that a person has edited and then accepts stays edited. */
export function withVerdict(annotation: Annotation, verdict: Verdict): Annotation {
  return verdict.kind === "accept"
    ? { ...annotation, status: annotation.status === "edited" ? "edited" : "accepted", reject_reason: null }
    : { ...annotation, status: "rejected", reject_reason: verdict.reason };
}

function named(label: string): string {
  return label.trim() === "" ? refuse("unfit_annotation") : label.trim();
}

/** What of a shape lies in the image, as the core cuts it. */
function fitted(shape: Shape, { width, height }: PixelSize): Shape {
  const across = (x: number) => Math.min(width, Math.max(0, x));
  const down = (y: number) => Math.min(height, Math.max(0, y));
  const within = ({ x, y }: Point): Point => ({ x: across(x), y: down(y) });
  switch (shape.kind) {
    case "box": {
      const { x1, y1, x2, y2 } = shape.rect;
      const rect = {
        x1: across(Math.min(x1, x2)),
        y1: down(Math.min(y1, y2)),
        x2: across(Math.max(x1, x2)),
        y2: down(Math.max(y1, y2)),
      };
      return rect.x2 > rect.x1 && rect.y2 > rect.y1 ? { kind: "box", rect } : refuse("unfit_annotation");
    }
    case "point":
      return { kind: "point", at: within(shape.at) };
    case "polygon":
      return shape.points.length < 3
        ? refuse("unfit_annotation")
        : { kind: "polygon", points: shape.points.map(within) };
    case "image_tag":
      return shape;
    case "caption":
      return shape.text.trim() === "" ? refuse("unfit_annotation") : { kind: "caption", text: shape.text.trim() };
  }
}
