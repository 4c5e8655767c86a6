import type { ExportPhase, Exported, Feature, FormatGroup, ImageFileMode, Loss, SplitPart } from "../../api/bindings";
import type { exports as english } from "../en/exports";
import { byteCount, count, percent } from "../format";
import type { Translation } from "../translation";

const images = (number: number): string => `${count(number)} ${number === 1 ? "imagen" : "imágenes"}`;
const annotations = (number: number): string => `${count(number)} ${number === 1 ? "anotación" : "anotaciones"}`;

const features: Record<Feature, string> = {
  boxes: "recuadros",
  box_outlines: "contornos de recuadros",
  polygons: "polígonos",
  polygon_bounds: "recuadros de polígonos",
  polygon_rectangles: "rectángulos alrededor de polígonos",
  key_points: "puntos clave",
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

const groups: Record<FormatGroup, string> = {
  training: "Para entrenar",
  tools: "Para programas de anotación",
  tables: "Tablas e imágenes",
};

const imageModes: Record<ImageFileMode, { name: string; note: string }> = {
  left: { name: "Dejar en su sitio", note: "el conjunto nombra los archivos" },
  copied: { name: "Copiar", note: "a una carpeta con el conjunto" },
  linked: { name: "Enlazar", note: "enlaces duros: no ocupan más, solo en el mismo disco" },
  zipped: { name: "ZIP", note: "un archivo ZIP con todo" },
};

const parts: Record<SplitPart, string> = { train: "Entrenamiento", validation: "Validación", test: "Prueba" };

const phases: Record<ExportPhase, string> = {
  preparing: "Leyendo la biblioteca",
  writing: "Escribiendo",
  finishing: "Guardando en el disco",
};

function becomes({ feature, kind }: Loss, areBounds: boolean): string {
  if (kind !== "simplified") return "se omiten";
  if (feature === "polygons") return areBounds ? "pasan a recuadros" : "se simplifican";
  return feature === "boxes" ? "pasan a contornos" : "se omiten";
}

export const exports: Translation<typeof english> = {
  title: "Exportar un conjunto de datos",
  open: "Exportar",
  format: "Formato",
  groups,
  lossless: "conserva todo lo de la biblioteca",
  what: "Qué se exporta",
  scope: "Imágenes que se exportan",
  run: "Ejecución",
  runName: (id, started, model, done) => `Ejecución ${count(id)}, ${started}: ${model}, ${images(done)}`,
  scopes: {
    run: (run) => (run === null ? "Ejecución" : `Ejecución ${count(run)}`),
    collection: "Colección",
    allImages: "Todas",
    filter: "Filtro",
    selection: "Selección",
  },
  layer: (run, model) => `Ejecución ${count(run)}, ${model}`,
  importedLayer: (name) => `Importación: ${name}`,
  yours: "Anotaciones de personas",
  decidedOnly: "Solo anotaciones decididas",
  rejectedOut: (number) =>
    number === 0 ? "" : `${count(number)} ${number === 1 ? "rechazada omitida" : "rechazadas omitidas"}`,
  withRejected: "Con las anotaciones rechazadas",
  negatives: "Imágenes sin anotaciones, como negativos",
  confirmedEmpty: (number) =>
    number === 0 ? "" : `${count(number)} ${number === 1 ? "confirmada vacía" : "confirmadas vacías"}`,
  unannotated: (number) =>
    number === 1
      ? "1 imagen no se ha anotado nunca y se omite."
      : `${images(number)} no se han anotado nunca y se omiten.`,
  images: "Imágenes",
  imageModes,
  split: "División",
  seed: "Semilla",
  shares: (train, validation, test) =>
    `${count(train)} % entrenamiento, ${count(validation)} % validación, ${count(test)} % prueba`,
  trainEnd: "Fin del entrenamiento",
  validationEnd: "Fin de la validación",
  parts,
  share: (share) => percent(share),
  partImages: images,
  partAnnotations: annotations,
  keepsGroups: "Mantener juntas las ráfagas",
  groupCount: (number) => `${count(number)} ${number === 1 ? "grupo" : "grupos"}`,
  balances: "Equilibrar las etiquetas",
  rarest: (label, counts) => `la más rara, ${label}: ${counts.map(count).join(", ")}`,
  keptParts: (number) =>
    number === 1
      ? "1 imagen conserva su parte de una exportación anterior. Otra semilla es otra división."
      : `${images(number)} conservan su parte de una exportación anterior. Otra semilla es otra división.`,
  card: "Ficha de datos",
  cardFile: (isFile) => (isFile ? "junto al archivo" : "README.md"),
  reviewed: "Revisado",
  reviewedOf: (reviewed, all) => `${count(reviewed)} de ${images(all)}`,
  reviewedHow: (alone, bulk, imported) =>
    `${count(alone)} una a una, ${count(bulk)} en bloque${imported === 0 ? "" : `, ${count(imported)} importadas`}`,
  audit: "Auditoría",
  auditOf: (wrong, judged, label) =>
    `${label}: ${count(wrong)} ${wrong === 1 ? "errónea" : "erróneas"} de ${count(judged)}`,
  atMost: (share) => `como mucho ${percent(share)} erróneas, al 95 %`,
  precision: "Precisión",
  precisionOf: (right, judged) => `${count(right)} de ${count(judged)} decididas una a una`,
  between: (low, high) => `de ${percent(low)} a ${percent(high)}`,
  notMeasured: "no se ha medido",
  license: "Licencia",
  licensePlaceholder: "Identificador SPDX o texto",
  losses: (format) => `Lo que ${format} no puede conservar`,
  noLosses: (format) => `${format} conserva todo lo de esta exportación.`,
  feature: (feature) => features[feature],
  becomes,
  missing: (number) =>
    `${number === 1 ? "Falta" : "Faltan"} ${count(number)} ${number === 1 ? "archivo" : "archivos"}: la imagen ya no está en ninguna de sus carpetas.`,
  unreadable: (number) =>
    number === 1
      ? "1 archivo de imagen no se pudo leer y no está en la exportación"
      : `${count(number)} archivos de imagen no se pudieron leer y no están en la exportación`,
  keepEverything: "Guardarlo junto a las etiquetas, en fieldmark.jsonl",
  files: "Archivos",
  bytes: (bytes, isEstimated) => `${isEstimated ? "unos " : ""}${byteCount(bytes)}`,
  fileCount: (number) => `${count(number)} ${number === 1 ? "archivo" : "archivos"}`,
  sample: "Principio del archivo",
  to: "En",
  noTarget: "Aún sin elegir",
  chooseTarget: "Elegir…",
  free: (bytes) => `${byteCount(bytes)} libres`,
  isTaken: "Ya hay un archivo ahí: elige un nombre.",
  asDownload: "Se descarga como un archivo",
  contents: (exported: Exported) =>
    [
      images(exported.images),
      ...(exported.empty_images > 0 ? [`${count(exported.empty_images)} de ellas vacías`] : []),
      annotations(exported.annotations),
      ...(exported.failed_images > 0
        ? [`${count(exported.failed_images)} ${exported.failed_images === 1 ? "fallida" : "fallidas"}, con el motivo`]
        : []),
      ...(exported.unreadable?.length ? [`${count(exported.unreadable.length)} no legibles`] : []),
    ].join(", "),
  looking: "Contando…",
  cancel: "Cancelar",
  close: "Cerrar",
  exportImages: (number) => `Exportar ${images(number)}`,
  progress: (phase, done, total) =>
    total === 0 ? `${phases[phase]}…` : `${phases[phase]}: ${count(done)} de ${count(total)}`,
  saved: (path) => `Conjunto de datos escrito en ${path}`,
  ready: (name) => `${name} está listo`,
  drag: "Arrástralo a una carpeta o a otro programa",
  show: "Mostrar en la carpeta",
};
