import type { Exported, Feature, Loss } from "../../api/bindings";
import type { exports as english } from "../en/exports";
import { count } from "../format";
import type { Translation } from "../translation";

const images = (number: number): string => `${count(number)} ${number === 1 ? "imagen" : "imágenes"}`;
const annotations = (number: number): string => `${count(number)} ${number === 1 ? "anotación" : "anotaciones"}`;

const features: Record<Feature, string> = {
  boxes: "recuadros",
  box_outlines: "contornos de recuadros",
  polygons: "polígonos",
  polygon_bounds: "recuadros de polígonos",
  polygon_rectangles: "rectángulos alrededor de polígonos",
  points: "puntos",
  image_tags: "etiquetas de imagen",
  captions: "descripciones",
  unscored_annotations: "anotaciones sin confianza",
  empty_images: "imágenes sin anotaciones",
  failed_images: "imágenes fallidas",
  attributes: "atributos",
  attribute_types: "tipos de los atributos",
  confidences: "confianzas",
  decisions: "decisiones",
  origins: "origen (ejecución o persona)",
  annotation_ids: "identificadores de las anotaciones",
  groups: "grupos",
  crowds: "multitudes",
  stored_sizes: "orientaciones",
  hashes: "hashes de los archivos",
  review_states: "estados de revisión",
  image_origins: "imágenes de origen de lo propagado",
  missing_files: "archivos que faltan",
  other_files: "archivos duplicados",
  failure_costs: "costes de las fallidas",
  splits: "particiones",
  label_table: "tabla de etiquetas",
  attribute_table: "tabla de atributos",
  description: "ejecución, modelo y receta",
};

function lost(losses: readonly Loss[], isOmitted: boolean): string | null {
  const named = losses
    .filter(({ kind }) => (kind !== "simplified") === isOmitted)
    .map(({ feature, count: number }) => {
      const name = feature === "polygons" && !isOmitted ? "contornos de polígonos" : features[feature];
      return `${name} (${count(number)})`;
    });
  return named.length === 0 ? null : named.join(", ");
}

export const exports: Translation<typeof english> = {
  title: "Exportar un conjunto de datos",
  open: "Exportar",
  run: "Ejecución",
  runName: (id, started, model, done) => `Ejecución ${count(id)}, ${started}: ${model}, ${images(done)}`,
  layers: "Las anotaciones de la ejecución y lo que las personas han dibujado, aceptado o editado en sus imágenes",
  format: "Formato",
  scope: "Qué anotaciones",
  all: "Todo",
  reviewed: "Solo lo revisado",
  withRejected: "Con las rechazadas",
  exporting: "Escribiendo…",
  contents: (exported: Exported) =>
    [
      images(exported.images),
      ...(exported.empty_images > 0 ? [`${count(exported.empty_images)} de ellas vacías`] : []),
      annotations(exported.annotations),
      ...(exported.failed_images > 0
        ? [`${count(exported.failed_images)} ${exported.failed_images === 1 ? "fallida" : "fallidas"}, con el motivo`]
        : []),
    ].join(", "),
  drag: "Arrástralo a una carpeta o a otro programa, o guárdalo.",
  noDrag: "Aquí no se puede arrastrar fuera de la ventana. Guárdalo.",
  losses: ({ losses, missing }: Exported) => [
    ...[lost(losses, true)].flatMap((what) => (what === null ? [] : [`No se exporta: ${what}.`])),
    ...[lost(losses, false)].flatMap((what) => (what === null ? [] : [`Se simplifica: ${what}.`])),
    ...(missing > 0
      ? [
          `${missing === 1 ? "Falta" : "Faltan"} ${count(missing)} ${missing === 1 ? "archivo" : "archivos"}: la imagen ya no está en ninguna de sus carpetas.`,
        ]
      : []),
  ],
  save: "Guardar como…",
  saved: (path) => `Conjunto de datos escrito en ${path}`,
  nothingToExport: "Ninguna ejecución ha anotado aún una imagen. Cuando lo haga, podrás exportar aquí sus anotaciones.",
};
