/** Exports of the core in memory: counted, and written nowhere. */
import type { ExportFormat, ExportRequest, ReadyExport, RunId } from "../bindings";
import { layersOfRuns } from "../../state/layers";
import type { FakeLibrary } from "./library";
import { cardIn, isShown } from "./layers";

const NAMES: Record<ExportFormat, [name: string, extension: string]> = {
  coco: ["coco", "json"],
  coco_detections: ["coco-detections", "json"],
  json_lines: ["jsonl", "jsonl"],
  csv: ["csv", "csv"],
};
/** About what a mark takes in a file. */
const BYTES_A_MARK = 148;
const BYTES_AN_IMAGE = 212;

export function fileName(run: RunId, { format, marks }: ExportRequest): string {
  const [name, extension] = NAMES[format];
  const reviewed = marks.is_reviewed_only ? "-reviewed" : "";
  const rejected = marks.includes_rejected ? "-with-rejected" : "";
  return `run-${run}-${name}${reviewed}${rejected}.${extension}`;
}

export function readyExport(library: FakeLibrary, run: RunId, request: ExportRequest): ReadyExport {
  const { is_reviewed_only, includes_rejected } = request.marks;
  const cards = library
    .cards(library.ids(null))
    .map((card) => cardIn(layersOfRuns([run]), card))
    .filter(({ id, review }) => library.foundBy(run, id) !== null && (!is_reviewed_only || review !== "unreviewed"));
  const taken = cards.map(({ marks }) =>
    marks.filter(
      (mark) =>
        isShown(layersOfRuns([run]), mark) &&
        (mark.status === "rejected" ? includes_rejected : mark.status !== "proposed" || !is_reviewed_only),
    ),
  );
  const all = taken.flat();
  const isBoxesOnly = request.format === "coco" || request.format === "coco_detections";
  const hasForm = all.filter(({ shape }) => !isBoxesOnly || shape.kind === "box" || shape.kind === "polygon");
  const scored =
    request.format === "coco_detections" ? hasForm.filter(({ confidence }) => confidence !== null) : hasForm;
  return {
    file_name: fileName(run, request),
    byte_len: cards.length * BYTES_AN_IMAGE + scored.length * BYTES_A_MARK,
    exported: {
      images: cards.length,
      failed_images: 0,
      empty_images: taken.filter(({ length }) => length === 0).length,
      marks: scored.length,
      without_score: hasForm.length - scored.length,
      without_form: all.length - hasForm.length,
      missing: 0,
      folder: null,
    },
  };
}
