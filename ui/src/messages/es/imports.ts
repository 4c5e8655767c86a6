import type { DatasetImportProgress, DatasetPreview, ImportedLayer, ImportRole, LabelReason } from "../../api/bindings";
import type { imports as english } from "../en/imports";
import { byteCount, count } from "../format";
import type { Translation } from "../translation";

const images = (number: number): string => `${count(number)} ${number === 1 ? "imagen" : "imágenes"}`;
const annotations = (number: number): string => `${count(number)} ${number === 1 ? "anotación" : "anotaciones"}`;

const roles: Record<ImportRole, string> = {
  ground_truth: "Referencia",
  predictions: "Predicciones",
  work: "Mi trabajo anterior",
};
const roleNotes: Record<ImportRole, string> = {
  ground_truth: "Una capa bloqueada con la que medir ejecuciones",
  predictions: "Una capa por revisar; las puntuaciones pasan a ser confianzas",
  work: "Aceptado, o como diga el archivo",
};
const willBe: Record<ImportRole, string> = {
  ground_truth: "Se muestra sola y las ejecuciones se pueden evaluar con ella",
  predictions: "Sus anotaciones esperan tu decisión",
  work: "Sus anotaciones son tuyas y sus imágenes quedan revisadas",
};
const reasons: Record<LabelReason, string> = {
  same_name: "mismo nombre",
  same_spelling: "otra grafía",
  synonym: "sinónimo o plural",
  chosen: "según lo elegido",
  new: "etiqueta nueva",
};

export const imports: Translation<typeof english> = {
  title: "Importar anotaciones",
  about:
    "Elige un conjunto de datos: un archivo, una carpeta o un archivo ZIP en COCO, YOLO, Pascal VOC u otro formato. Verás lo que trae antes de que cambie nada.",
  chooseFile: "Elegir un archivo…",
  chooseFolder: "Elegir una carpeta…",
  inFile: (inFile: number, of: number) => `${annotations(inFile)} en ${images(of)}`,
  format: "Formato",
  automatic: "Automático",
  detected: "detectado",
  reading: "Leyendo el archivo",
  readSoFar: (read: number, of: number) => `${annotations(read)} en ${images(of)} leídas hasta ahora`,
  uploading: (sent: number, total: number) => `Enviando el conjunto: ${byteCount(sent)} de ${byteCount(total)}`,
  uploadingLabel: "Enviando el conjunto",
  importing: "Importando",
  progress: (progress: DatasetImportProgress | null, report: DatasetPreview | null) => {
    if (progress?.is_adding) return "Añadiendo la capa. Ya no se puede cancelar, pero sí deshacer.";
    return `${count(progress?.annotations ?? 0)} de ${annotations(report?.annotations ?? 0)} leídas`;
  },
  nothingChanged: "Todavía no ha cambiado nada.",
  cancel: "Cancelar",
  import: (number: number) => `Importar ${annotations(number)}`,

  dryRun: "Ensayo",
  matched: "se importan",
  matchedNote: ({ library_images: number, matched }: DatasetPreview) =>
    `en ${images(number)} de la biblioteca: ${count(matched.by_path)} por ruta, ${count(matched.by_name_and_size)} por nombre y tamaño, ${count(matched.by_hash)} por contenido`,
  skipped: {
    unmatched: "sin imagen",
    ambiguous: "ambiguas",
    disagreeing: "otro tamaño",
    outside: "fuera",
    unusable: "inservibles",
    unmapped: "omitidas",
    rejected: "rechazadas",
    already_here: "ya están",
  },
  skippedNote: (reason: "unmatched" | "ambiguous" | "disagreeing", number: number) =>
    ({
      unmatched: `${images(number)} que no ${number === 1 ? "está" : "están"} en la biblioteca`,
      ambiguous: `${images(number)} cuya coincidencia no es segura`,
      disagreeing: `${images(number)} cuyo tamaño no es el de la foto`,
    })[reason],
  whySkipped: {
    outside: "más allá del borde de la imagen",
    unusable: "sin área, coordenadas o texto",
    unmapped: "por su etiqueta",
    rejected: "no son de referencia",
    already_here: "ya hay una anotación igual aprobada",
  },
  showFiles: (number: number) => (number === 1 ? "Ver 1 archivo" : `Ver ${count(number)} archivos`),
  andMore: (number: number) => `y ${count(number)} más`,
  notes: (report: DatasetPreview): string[] => [
    ...(report.clipped > 0 ? [`${annotations(report.clipped)} que sobresalen de la imagen: recortadas`] : []),
    ...(report.rotated > 0 ? [`${images(report.rotated)} anotadas antes de aplicar la orientación EXIF: giradas`] : []),
    ...(report.scaled > 0 ? [`${images(report.scaled)} anotadas a otro tamaño: ajustadas`] : []),
    ...(report.failed_images > 0 ? [`${images(report.failed_images)} sin respuesta`] : []),
    ...report.skipped.map(({ reason, count: number }) => `Sin leer, ${count(number)}×: ${reason}`),
  ],

  labels: "Etiquetas",
  labelsNote: (number: number, added: number) =>
    `${count(number)} en el archivo${added > 0 ? `, ${count(added)} ${added === 1 ? "nueva" : "nuevas"} en la biblioteca` : ""}`,
  inTheFile: "En el archivo",
  annotationsHead: "Anotaciones",
  becomes: "Pasa a ser",
  becomesOf: (label: string) => `En qué se convierte ${label}`,
  why: "Por qué",
  skipLabel: "Omitir",
  reasons,

  importAs: "Importar como",
  roles,
  roleNotes,
  matchWith: "Buscar entre las fotos de",
  allPhotos: "Todas las colecciones",
  check: "Comprobar en una foto",
  checkPlace: (place: number, of: number) => `${count(place)} de ${count(of)}`,
  previousPhoto: "Foto anterior",
  nextPhoto: "Foto siguiente",
  checkPhoto: (place: number, number: number) => `Foto ${count(place)}, con ${annotations(number)} por importar`,
  whatHappens: "Qué va a pasar",
  newLayer: (name: string, number: number) => `Una capa nueva, ${name}, en ${images(number)}`,
  willBe,
  skippedInAll: (number: number) => `${annotations(number)} ${number === 1 ? "omitida" : "omitidas"}`,
  oneUndo: "No cambia nada de lo que ya hay; se deshace de una vez",

  imported: ({ annotation_count: number, image_count: of, role }: ImportedLayer) =>
    `${number === 1 ? "Importada" : "Importadas"} ${annotations(number)} en ${images(of)} como ${roles[role].toLowerCase()}.`,
  nothing: "Ninguna imagen del archivo está en la biblioteca, así que no se ha importado nada.",
  unchanged: "No ha cambiado nada más.",
  undo: "Deshacer",
  show: (role: ImportRole) => (role === "predictions" ? "Revisar la capa" : "Ver la capa"),

  listed: "Importaciones",
  list: {
    name: "Conjunto",
    role: "Como",
    format: "Formato",
    imported: "Importado",
    images: "Imágenes",
    annotations: "Anotaciones",
    undecided: "Por decidir",
  },
  showOf: (name: string) => `Ver la capa ${name}`,
};
