import type { RejectReason, ReviewState, ShapeKind, Status } from "../../api/bindings";
import type { review as english } from "../en/review";
import { count, decimal, duration, percent } from "../format";
import type { Translation } from "../translation";

const annotations = (number: number): string => `${count(number)} ${number === 1 ? "anotación" : "anotaciones"}`;
const images = (number: number): string => `${count(number)} ${number === 1 ? "imagen" : "imágenes"}`;

const reasons: Record<RejectReason, string> = {
  not_there: "no está",
  wrong_label: "etiqueta incorrecta",
  bad_box: "mal recuadro",
  duplicate: "duplicada",
  too_vague: "poco precisa",
  other: "otro motivo",
};

const statuses: Record<Status, string> = {
  proposed: "Propuesta",
  accepted: "Aceptada",
  edited: "Editada",
  rejected: "Rechazada",
  ground_truth: "De referencia",
};

const reviewStates: Record<ReviewState, string> = {
  unreviewed: "sin revisar",
  reviewed: "revisada",
  confirmed_empty: "confirmada vacía",
};

const kinds: Record<ShapeKind, string> = {
  box: "recuadro",
  point: "punto",
  polygon: "polígono",
  image_tag: "imagen entera",
  caption: "descripción",
};

export const review: Translation<typeof english> = {
  previousImage: "Imagen anterior",
  nextImage: "Imagen siguiente",
  reviewed: "Revisadas",
  of: (total) => `de ${count(total)}`,
  reviewedOf: (done, total) => `Revisadas ${count(done)} de ${count(total)}`,
  pace: (milliseconds) => `${decimal(milliseconds / 1000)} s por imagen`,
  left: (milliseconds) =>
    milliseconds < 60_000
      ? "queda menos de un minuto"
      : `quedan unos ${duration(Math.round(milliseconds / 60_000) * 60_000)}`,
  undo: "Deshacer",
  redo: "Rehacer",
  hideAnnotations: "Ocultar las anotaciones",
  zoom: "Zoom",
  fit: "Ajustar",
  fitPercent: (scale) => `Ajuste, ${percent(scale)}`,
  percent,

  tools: "Herramientas",
  toolNames: { select: "Seleccionar", box: "Recuadro", polygon: "Polígono", point: "Punto" },
  toolHints: {
    box: "Arrastra para dibujar un recuadro. Mayús lo hace cuadrado.",
    polygon: "Haz clic en cada vértice. Haz clic en el primero para cerrar.",
    point: "Haz clic para colocar un punto.",
  },
  toolKeys: { finish: "terminar", leave: "salir" },
  tagImage: "Etiquetar la imagen",
  captionImage: "Describir la imagen",
  withKey: (name, key) => `${name} (${key})`,
  pointer: (x, y) => `${x}, ${y}`,
  rename: (number) => (number === 1 ? "Etiqueta de esta anotación" : `Etiqueta de ${annotations(number)}`),
  labelField: "Etiqueta",
  knownLabels: "Etiquetas conocidas",
  createLabel: (label) => `Crear la etiqueta «${label}»`,
  captionHint: "Qué muestra la imagen. Intro lo guarda.",

  view: {
    title: "Aspecto",
    outline: "Contornos",
    outlines: { thin: "Fino", normal: "Medio", bold: "Grueso" },
    labels: "Etiquetas",
    labellings: { always: "Todas", selected: "Seleccionada", never: "Ninguna" },
    amounts: { fill: "Relleno", brightness: "Brillo", contrast: "Contraste" },
    reset: "Restablecer",
  },
  filter: {
    title: "Filtrar anotaciones",
    leastConfidence: "Confianza desde",
    labels: "Etiquetas",
    hidden: (number: number) =>
      number === 0 ? "Ninguna oculta" : number === 1 ? "1 oculta aquí" : `${count(number)} ocultas aquí`,
    hiddenHere: "Oculta por el filtro",
    showAll: "Mostrar todas",
    includesHidden: (number: number) =>
      number === 1 ? "Incluye 1 anotación oculta" : `Incluye ${count(number)} anotaciones ocultas`,
  },

  canvas: (name, number) => `${name}, ${number === 0 ? "sin anotaciones" : annotations(number)}`,
  unreadable: "No se han podido cargar las imágenes por revisar",
  unreadableNote:
    "Puede que otro programa esté usando la biblioteca o que su disco no esté conectado. No se ha cambiado ningún dato.",
  annotationsUnreadable: "No se han podido cargar las anotaciones",
  photoUnreadable: (name: string) => `No se puede abrir ${name}`,
  photoUnreadablePreview: "Esta es la miniatura que guarda Fieldmark.",
  photoUnreadableNoPreview: "Tampoco hay miniatura.",
  photoUnreadableNote:
    "La foto se ha movido, renombrado o borrado, o su disco no está conectado. Devuélvela a su sitio o conecta el disco y vuelve a intentarlo. Sus anotaciones se conservan y puedes seguir revisándolas.",
  pixelsFailed: "No se pudo cargar la imagen. Puede que falte su archivo.",
  measure: (width, height) => `${width} × ${height} px`,

  annotations: "Anotaciones",
  annotationsNote: (all, toDecide) =>
    all === 0 ? "" : `${count(all)}, ${toDecide === 0 ? "todas decididas" : `${count(toDecide)} por decidir`}`,
  leastCertainFirst: "por confianza",
  mostUncertainFirst: "más inciertas primero",
  notAnnotated: "Ningún modelo ha anotado aún esta imagen. Aceptar confirma que está vacía.",
  noAnnotations: "El modelo no encontró nada aquí. Aceptar confirma que la imagen está vacía.",
  confirmedEmpty: "Confirmada vacía: aquí no hay nada que encontrar.",
  noAnnotationsDecided: "Sin anotaciones.",
  statuses,
  reasons,
  kinds,
  accept: "Aceptar",
  reject: "Rechazar",
  acceptAnnotation: (label) => `Aceptar ${label}`,
  rejectAnnotation: (label) => `Rechazar ${label}`,
  annotationName: (label, confidence, status) =>
    `${label}${confidence === null ? "" : `, ${percent(confidence)} de confianza`}, ${statuses[status].toLowerCase()}`,

  selectedAnnotation: "Anotación seleccionada",
  corners: [
    "Vértice superior izquierdo",
    "Vértice superior derecho",
    "Vértice inferior derecho",
    "Vértice inferior izquierdo",
  ],
  corner: (place, all) => `Vértice ${count(place)} de ${count(all)}`,
  cornerAt: (corner, x, y) => `${corner} en ${x}, ${y}`,
  cornerKeys: { move: "mover", next: "siguiente", insert: "añadir", remove: "borrar", leave: "listo" },
  cornerStays: "Este vértice no se puede borrar. Pulsa Esc y luego Supr para borrar toda la anotación.",
  selectedCount: (number) => `${annotations(number)} ${number === 1 ? "seleccionada" : "seleccionadas"}`,
  annotationCount: annotations,
  statusCounts: (counts) =>
    counts
      .map(({ status, number }) => `${count(number)} ${statuses[status].toLowerCase()}${number === 1 ? "" : "s"}`)
      .join(", "),
  mixed: "varias",
  renameAnnotations: (number, label) => `Etiqueta de ${annotations(number)}: ${label ?? "varias"}`,
  shape: "Forma",
  confidence: "Confianza",
  range: (least, most) => `${least} a ${most}`,
  noneSelected: "No hay nada seleccionado. Aceptar y Rechazar valen para todas las propuestas.",
  label: "Etiqueta",
  labels: "Etiquetas",
  nextLabel: "Etiqueta de lo que se dibuje",
  renameAnnotation: (label) => `Etiqueta: ${label}`,
  confidenceOf: (confidence) => `confianza ${confidence}`,
  captionText: "Texto",
  noValue: "nada",
  box: "Recuadro (px)",
  boxFields: { x: "X", y: "Y", width: "Ancho", height: "Alto" },
  boxCorner: (x, y) => `en ${x}, ${y}`,
  status: "Estado",
  byRun: (run) => `Ejecución ${count(run)}`,
  propagated: "Propagada de una imagen parecida",
  byPerson: "Tú",
  yes: "sí",
  no: "no",

  acceptAndNext: "Aceptar y siguiente",
  accepts: (accepting) => {
    switch (accepting.kind) {
      case "annotations":
        return accepting.annotations.length === 1
          ? "Aceptar esta anotación"
          : `Aceptar ${annotations(accepting.annotations.length)}`;
      case "image":
        return "Aceptar y siguiente";
      case "confirm":
        return accepting.isEmpty ? "Confirmar vacía" : "Confirmar y siguiente";
      case "next_annotation":
        return "Propuesta siguiente";
      case "next_image":
        return "Imagen siguiente";
    }
  },
  acceptHint: (accepting) => {
    switch (accepting.kind) {
      case "annotations":
        return accepting.annotations.length === 1 ? "aceptarla" : `aceptar ${count(accepting.annotations.length)}`;
      case "image":
        return "aceptar, siguiente";
      case "confirm":
        return accepting.isEmpty ? "confirmar vacía" : "confirmar, siguiente";
      case "next_annotation":
        return "siguiente propuesta";
      case "next_image":
        return "siguiente imagen";
    }
  },
  showHint: "mostrar",
  rejectAll: "Rechazar",
  rejectSelected: (number) => (number === 1 ? "Rechazarla" : `Rechazar ${annotations(number)}`),
  skip: "Saltar",

  rejected: (number, name) => `${annotations(number)} ${number === 1 ? "rechazada" : "rechazadas"} en ${name}`,
  why: "¿Por qué?",
  rejectedBecause: (reason) => `Rechazada: ${reasons[reason]}`,

  neighbors: "Imágenes de esta revisión",
  neighbor: (name, place, state) => `${name}, imagen ${count(place)}, ${reviewStates[state]}`,

  endDone: "Aquí está todo revisado",
  endDoneNote: (total) => `${images(total)}, ${total === 1 ? "decidida" : "todas decididas"}.`,
  endLeft: "Era la última imagen",
  remainingUnknown: "No se sabe cuántas imágenes quedan.",
  endLeftNote: (left) => `${images(left)} ${left === 1 ? "sigue" : "siguen"} por decidir.`,
  toUnreviewed: "Ir a la siguiente",
  toLibrary: "Volver a la biblioteca",

  emptyTitle: "Nada que revisar",
  emptyNote: "Añade fotos y anótalas. Aquí revisas las anotaciones, primero las más inciertas.",
  allReviewed: "Todo está revisado",
  allReviewedNote: "Las imágenes revisadas se pueden abrir de nuevo desde la biblioteca.",
  toPlan: "Planificar una ejecución",

  nothingToReject: "Aquí no hay ninguna propuesta que rechazar.",
  nothingToUndo: "No hay nada que deshacer.",
  nothingToRedo: "No hay nada que rehacer.",
  nothingToUndoHere: "No hay nada que deshacer en esta imagen.",
  nothingToRedoHere: "No hay nada que rehacer en esta imagen.",
  redoneElsewhere: (name) => `Rehecho en ${name}, que no está en esta revisión.`,
  undoneElsewhere: (name) => `Deshecho en ${name}, que no está en esta revisión.`,
  failedOn: (name, words) => `${name}: ${words}`,
};
