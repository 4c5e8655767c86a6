import type { evaluate as english } from "../en/evaluate";
import { count, percent, ratio } from "../format";
import type { Translation } from "../translation";

const images = (number: number): string => `${count(number)} ${number === 1 ? "imagen" : "imágenes"}`;
const boxes = (number: number): string => `${count(number)} ${number === 1 ? "recuadro" : "recuadros"}`;
const share = (value: number) => ratio(value, 2);

export const evaluate: Translation<typeof english> = {
  title: "Evaluación",
  open: "Evaluar",
  openOf: (run) => `Evaluar la ejecución ${count(run)} con datos de referencia`,
  leave: "Volver a la pantalla anterior",

  evaluated: "Se evalúa",
  evaluatedShown: (first, more) => (more === 0 ? first : `${first} y ${count(more)} más`),
  evaluatedNote: (most) => `Hasta ${count(most)}, comparadas con la primera. Cada una tal como respondió.`,
  against: "Frente a",
  people: "Anotaciones aprobadas",
  layer: (name, role) =>
    role === "ground_truth"
      ? `Referencia ${name}`
      : role === "work"
        ? `Trabajo anterior ${name}`
        : `Predicciones ${name}`,
  layerNote: (at, number) => `importado ${at}, ${images(number)}`,
  groundTruth: "Datos de referencia",
  iou: "IoU",
  iouNote: "Solapamiento desde el que un recuadro es correcto",
  threshold: "Confianza desde la que cuentan los recuadros",
  thresholdShown: (threshold) => `≥ ${share(threshold)}`,
  bestEach: "mejor F1 de cada una",
  bestEachNote:
    "Usa la confianza con el F1 más alto de cada ejecución. Se elige con estas mismas imágenes, así que el F1 sale algo alto.",
  wait: "Evaluando",

  table: "Resultados",
  columns: {
    run: "Ejecución",
    ap: "AP",
    ap50: "AP50",
    ap75: "AP75",
    precision: "Precisión",
    recall: "Cobertura",
    f1: "F1",
    right: "Correctos",
    wrong: "Falsos",
    missed: "Omitidos",
    cost: "Por correcto",
    seconds: "Tiempo c/u",
  },
  runNote: (run, threshold) => `Ejecución ${count(run)}${threshold === null ? "" : `, ≥ ${share(threshold)}`}`,
  interval: (low, high) => `${low}–${high}`,
  verdicts: {
    better: "mejor que A: el intervalo del 95 % de la diferencia excluye el 0",
    worse: "peor que A: el intervalo del 95 % de la diferencia excluye el 0",
    none: "sin diferencia demostrada",
  },
  differenceWithoutInterval: (figure) => `Diferencia con A: ${figure}, sin intervalo`,
  differenceOf: (figure, low, high) => `Diferencia con A: ${figure} (de ${low} a ${high})`,
  unmeasured: "sin medir",
  reasons: {
    no_objects: "No hay ningún recuadro que encontrar.",
    no_objects_of_this_size: "No hay ningún recuadro de ese tamaño que encontrar.",
    no_shared_labels: "Ninguna etiqueta está en ambos lados.",
    no_detections: "No hay detecciones.",
    no_confidences: "Las detecciones no tienen confianza.",
    no_correct_boxes: "Ningún recuadro es correcto.",
    not_a_run: "No es una ejecución.",
    price_unknown: "Se desconoce el precio del modelo.",
    cost_uncertain: "Puede que se hayan cobrado algunas solicitudes.",
    duration_unknown: "Algunas respuestas se reutilizaron o llegaron en un lote.",
    no_tags: "No hay etiquetas de imagen de referencia.",
    no_captions: "No hay descripciones de referencia.",
    too_few_images: "Muy pocas imágenes tienen objetos para dar un intervalo.",
    too_few_draws: "Muy pocos sorteos de imágenes tienen algo que medir.",
  },
  notEvaluated: {
    only_here: (number) => `${images(number)} que faltan en otro lado`,
    waiting: (number) => `${images(number)} en espera`,
    failed: (number) => `${images(number)} que fallaron sin respuesta`,
    propagated: (number) => `${images(number)} con anotaciones de una imagen similar`,
    ambiguous: (number) => `${images(number)} que coinciden con varias imágenes`,
    other_size: (number) => `${images(number)} de otro tamaño`,
  },
  notEvaluatedTitle: (side) => `No se cuentan de ${side}:`,
  unusable: (number) => `${images(number)} con una respuesta inservible: todo lo que contienen cuenta como omitido.`,
  unscored: (number) => `${boxes(number)} sin confianza cuentan como seguros.`,
  approvedFrom: (number) =>
    `${boxes(number)} de la referencia vienen de esta ejecución. Lo que omitió puede faltar también allí, así que su cobertura puede ser menor que la indicada.`,
  agreementTitle: "Coincidencia, no calidad",
  agreementNote: (side) =>
    `${side} no es una referencia. Las cifras dicen cuánto coinciden las dos. No cuentan los objetos que ambas omiten o hacen mal.`,
  scope: (evaluated, objects) => `${images(evaluated)}, ${boxes(objects)} por encontrar`,
  protocol: "Protocolo COCO, como pycocotools",
  resampled: (resamples) => `Intervalos del 95 % con ${count(resamples)} remuestreos de las imágenes`,
  tooFewImages: (withObjects) =>
    `Sin intervalos: solo ${images(withObjects)} con objetos, y hacen falta al menos 10 para ver una diferencia`,
  tags: (exact, all) => `Etiquetas de imagen exactas en ${count(exact)} de ${images(all)}`,
  captions: (exact, normalized, all) =>
    `Descripciones: ${count(exact)} de ${count(all)} iguales, ${count(normalized)} sin contar mayúsculas ni puntuación`,

  curve: "Precisión y cobertura",
  curveText: "Precisión según la cobertura, una línea por resultado",
  curveNote: (overlap) => `todas las etiquetas, IoU ${share(overlap)}`,
  atRecall: (recall) => `cobertura ${share(recall)}`,
  precisionFrom: (precision, score) => (score === null ? ratio(precision) : `${ratio(precision)}, ≥ ${share(score)}`),
  calibration: "Calibración",
  calibrationText: "Proporción de recuadros correctos según la confianza, una línea por resultado",
  calibrationNote: "correctos según la confianza",
  perfect: "perfecta",
  rightOf: (value, all) => `${percent(value)} de ${count(all)}`,
  confidenceRange: (from, to) => `confianza de ${share(from)} a ${share(to)}`,
  noConfidences: "Ninguna detección tiene confianza, así que no hay nada que calibrar.",

  thresholds: "Umbrales propuestos",
  thresholdColumns: {
    bestF1: "Mejor F1",
    precise: "95 % correctos",
    recall: "Intervalo, cobertura",
  },
  use: (threshold) => `Usar ${share(threshold)}`,
  useNote: "Contar los recuadros desde esta confianza",
  recallOf: (recall) => `cobertura ${recall}`,
  notReached: "no se alcanza",
  acceptNote: (label, threshold) =>
    `Aceptar ${label} desde una confianza de ${share(threshold)}, tras comprobar una muestra…`,

  byLabel: "Por etiqueta",
  byLabelNote: (letter) => `recuadros de ${letter} con su umbral`,
  labelColumns: {
    label: "Etiqueta",
    objects: "Ref.",
    ap50: "AP50",
    precision: "Precis.",
    recall: "Cob.",
    f1: "F1",
    threshold: "Mejor ≥",
  },
  all: (labels) => `Las ${count(labels)}`,
  noLabel: "sin etiqueta",
  noLabelNote: "Este lado no tiene esa etiqueta, así que se omiten todos sus recuadros.",
  notTrue: "no está en la referencia",

  confusion: "Confusión",
  confusionNote: "filas: referencia; columnas: encontrado",
  missedColumn: "Omitidos",
  wrongRow: "Falsos",
  confusionCell: (truth, found, number) => `${truth} encontrado como ${found}: ${count(number)}`,
  confusionMissed: (truth, number) => `${truth} omitidos: ${count(number)}`,
  confusionWrong: (found, number) => `${found} donde no hay nada: ${count(number)}`,
  moreLabels: (number) => `${count(number)} ${number === 1 ? "etiqueta más" : "etiquetas más"} sin confusión`,

  overlaps: "IoU de los correctos",
  overlapsText: (letter) => `Número de recuadros correctos de ${letter} según el solapamiento`,
  overlapsNote: (median, tight) => `mediana ${median}, ${tight} ≥ 0,75`,
  overlapRange: (from, to) => `IoU de ${share(from)} a ${share(to)}`,
  rightBoxes: "Recuadros correctos",

  worst: "Peores imágenes",
  worstNote: (number) => `${images(number)} con errores`,
  worstOf: "Resultado cuyas imágenes se muestran",
  worstImage: (found, all, wrong) =>
    `${count(found)} de ${count(all)} encontrados${wrong === 0 ? "" : `, ${count(wrong)} ${wrong === 1 ? "falso" : "falsos"}`}`,
  unusableAnswer: "respuesta inservible",
  f1: (value) => `F1 ${value}`,
  truthLine: "referencia",
  foundLine: "encontrado",
  agreedLine: "tenue: bien",
  reviewAll: (number) => (number === 1 ? "Revisar esta" : `Revisar estas ${count(number)}`),
  noErrors: "Ninguna imagen tiene errores con este umbral.",

  noRunsTitle: "Aún no hay nada que evaluar",
  noRunsNote: "Para evaluar hace falta una ejecución con respuestas y una referencia con la que compararla.",
  noTruthTitle: "Aún no hay datos de referencia",
  noTruthNote:
    "Revisa algunas imágenes: lo que aceptes, edites y dibujes en ellas es una referencia para medir. O importa un conjunto de datos como referencia.",
  noTruthAgreement: "O compara dos ejecuciones. Eso dice cuánto coinciden, no lo buenas que son.",
  toAgreement: (run) => `Comparar con ${run}`,
  disjointTitle: "Ninguna imagen está en ambos lados",
  disjointNote: "Revisa imágenes de esta ejecución o elige otro lado arriba.",
  failedTitle: "La evaluación ha fallado",
  toImport: "Importar una referencia…",
  toPlan: "Planear una ejecución",
  toReview: "Revisar anotaciones",
};
