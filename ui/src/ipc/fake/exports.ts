/** Exports of the core in memory: counted, and written nowhere. */
import type {
  Annotation,
  ExportRequest,
  Feature,
  FormatDescriptor,
  Loss,
  ReadyExport,
  RunId,
  ShapeKind,
} from "../bindings";
import { layersOfRuns } from "../../state/layers";
import type { FakeLibrary } from "./library";
import { cardIn, isShown } from "./layers";

const SHAPES: Record<ShapeKind, Feature> = {
  box: "boxes",
  polygon: "polygons",
  point: "points",
  image_tag: "image_tags",
  caption: "captions",
};
const everyShape = Object.values(SHAPES);

function format(id: string, extension: string, title: string, holds: Feature[]): FormatDescriptor {
  return {
    id,
    title: { en: title, es: title },
    summary: { en: "For training and most tools", es: "Para entrenar y casi todo" },
    package: { kind: "file", extension },
    media_type: "application/json",
    holds,
    can_be_empty: holds.includes("unscored_annotations"),
    is_readable: true,
    options: [],
    documentation: "https://example.org",
  };
}

export const FORMATS: FormatDescriptor[] = [
  format("coco", "json", "COCO dataset", ["boxes", "polygons", "unscored_annotations", "attributes", "decisions"]),
  format("coco-detections", "json", "COCO results", ["boxes", "polygon_bounds"]),
  format("jsonl", "jsonl", "JSON Lines", [...everyShape, "unscored_annotations", "attributes", "decisions"]),
  format("csv", "csv", "CSV", [...everyShape, "unscored_annotations", "attributes", "decisions"]),
];

function formatOf({ format: id }: ExportRequest): FormatDescriptor {
  const found = FORMATS.find((each) => each.id === id);
  if (found === undefined) throw new Error(`there is no format ${id}`);
  return found;
}

/** About what an annotation takes in a file. */
const BYTES_A_ANNOTATION = 148;
const BYTES_AN_IMAGE = 212;

export function fileName(run: RunId, request: ExportRequest): string {
  const { annotations } = request;
  const { id, package: written } = formatOf(request);
  const extension = written.kind === "folder" ? "" : `.${written.extension}`;
  const reviewed = annotations.is_reviewed_only ? "-reviewed" : "";
  const rejected = annotations.includes_rejected ? "-with-rejected" : "";
  return `run-${run}-${id}${reviewed}${rejected}${extension}`;
}

export function readyExport(library: FakeLibrary, run: RunId, request: ExportRequest): ReadyExport {
  const { is_reviewed_only, includes_rejected } = request.annotations;
  const cards = library
    .cards(library.ids(null))
    .map((card) => cardIn(layersOfRuns([run]), card))
    .filter(({ id, review }) => library.foundBy(run, id) !== null && (!is_reviewed_only || review !== "unreviewed"));
  const taken = cards.map(({ annotations }) =>
    annotations.filter(
      (annotation) =>
        isShown(layersOfRuns([run]), annotation) &&
        (annotation.status === "rejected" ? includes_rejected : annotation.status !== "proposed" || !is_reviewed_only),
    ),
  );
  const { holds } = formatOf(request);
  const left: Annotation[] = [];
  const losses = new Map<Feature, Loss>();
  for (const annotation of taken.flat()) {
    const feature = SHAPES[annotation.shape.kind];
    const isBounds = feature === "polygons" && holds.includes("polygon_bounds");
    const lost =
      !holds.includes(feature) && !isBounds
        ? feature
        : annotation.confidence === null && !holds.includes("unscored_annotations")
          ? "unscored_annotations"
          : null;
    if (lost === null) left.push(annotation);
    else losses.set(lost, { feature: lost, kind: "annotation_left_out", count: (losses.get(lost)?.count ?? 0) + 1 });
  }
  return {
    file_name: fileName(run, request),
    byte_len: cards.length * BYTES_AN_IMAGE + left.length * BYTES_A_ANNOTATION,
    exported: {
      images: cards.length,
      failed_images: 0,
      empty_images: taken.filter(({ length }) => length === 0).length,
      annotations: left.length,
      losses: [...losses.values()],
      missing: 0,
      folder: null,
    },
  };
}
