import type { Exported, ExportFormat } from "../../ipc/bindings";
import type { exports as english } from "../en/exports";
import { count } from "../format";
import type { Words } from "../words";

const images = (number: number): string => `${count(number)} ${number === 1 ? "imagen" : "imágenes"}`;
const marks = (number: number): string => `${count(number)} ${number === 1 ? "anotación" : "anotaciones"}`;

const formats: Record<ExportFormat, { name: string; note: string }> = {
  coco: { name: "Conjunto de datos COCO", note: "Imágenes, anotaciones, categorías: para entrenar y casi todo" },
  coco_detections: { name: "Resultados COCO", note: "Recuadros con su confianza: para evaluar un conjunto" },
  json_lines: { name: "JSON Lines", note: "Una imagen por línea, con cada anotación, atributo y decisión" },
  csv: { name: "CSV", note: "Una anotación por fila: para hojas de cálculo" },
};

export const exports: Words<typeof english> = {
  title: "Exportar un conjunto de datos",
  open: "Exportar",
  run: "Ejecución",
  runName: (id, started, model, done) => `Ejecución ${count(id)}, ${started}: ${model}, ${images(done)}`,
  layers: "Las anotaciones de la ejecución y lo que las personas han dibujado, aceptado o editado en sus imágenes",
  format: "Formato",
  formats,
  scope: "Qué anotaciones",
  all: "Todo",
  reviewed: "Solo lo revisado",
  withRejected: "Con las rechazadas",
  writing: "Escribiendo…",
  holds: (exported: Exported) =>
    [
      images(exported.images),
      ...(exported.empty_images > 0 ? [`${count(exported.empty_images)} de ellas vacías`] : []),
      marks(exported.marks),
      ...(exported.failed_images > 0
        ? [`${count(exported.failed_images)} ${exported.failed_images === 1 ? "fallida" : "fallidas"}, con el motivo`]
        : []),
    ].join(", "),
  drag: "Arrástralo a una carpeta o a otro programa, o guárdalo.",
  noDrag: "Aquí no se puede arrastrar fuera de la ventana. Guárdalo.",
  leftOut: ({ without_form, without_score, missing }: Exported) => [
    ...(without_form > 0 ? [`Omitidas: ${marks(without_form)} que este formato no admite.`] : []),
    ...(without_score > 0 ? [`Omitidas: ${marks(without_score)} sin confianza.`] : []),
    ...(missing > 0
      ? [
          `${missing === 1 ? "Falta" : "Faltan"} ${count(missing)} ${missing === 1 ? "archivo" : "archivos"}: la imagen ya no está en ninguna de sus carpetas.`,
        ]
      : []),
  ],
  save: "Guardar como…",
  saved: (path) => `Conjunto de datos escrito en ${path}`,
  nothing: "Ninguna ejecución ha anotado aún una imagen. Cuando lo haga, podrás exportar aquí sus anotaciones.",
};
