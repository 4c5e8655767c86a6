import type { ErrorRate } from "../../api/bindings";
import type { audit as english } from "../en/audit";
import { confidence, count, decimal } from "../format";
import type { Translation } from "../translation";

const annotations = (number: number) => `${count(number)} ${number === 1 ? "anotación" : "anotaciones"}`;
const proposals = (number: number) => `${count(number)} ${number === 1 ? "propuesta" : "propuestas"}`;
/** Keeps number and sign on one line. */
const share = (value: number) => `${decimal(value * 100)}\u00a0%`;
const above = (label: string, threshold: number) => `${label}, desde ${confidence(threshold)}`;

const wrongOf = ({ wrong, judged, rate }: ErrorRate): string => {
  if (wrong === 0) return judged === 1 ? "La comprobada está bien." : `Ninguna de ${count(judged)} está mal.`;
  return `${count(wrong)} de ${count(judged)} ${wrong === 1 ? "está" : "están"} mal: ${share(rate)}.`;
};

export const audit: Translation<typeof english> = {
  title: "Aceptar desde un umbral",
  open: "Aceptar desde…",
  on: (parts) => (parts.length === 0 ? "En todas las imágenes" : `En las imágenes que cumplen: ${parts.join(", ")}`),
  inCollection: (name) => `en ${name}`,
  labels: "Etiqueta",
  labelName: (label, number) => `${label}, ${proposals(number)}`,
  nothing: "No hay propuestas por decidir en estas imágenes.",
  threshold: "Umbral",
  histogram: "Propuestas por confianza, con el umbral",
  counted: (number, all, threshold) => `${count(number)} de ${proposals(all)} desde ${confidence(threshold)}`,
  withoutConfidence: (number) => `${count(number)} sin confianza se ${number === 1 ? "omite" : "omiten"}.`,
  sample: "Muestra",
  sampleWrong: "Escribe un número entero, al menos 1.",
  drawnAtRandom: "elegidas al azar",
  boundIfAllRight: (sample, atMost) =>
    `Si las ${count(sample)} están bien, como mucho ${share(atMost)} de todas están mal (confianza del 95 %).`,
  wholeSample: (sample) =>
    sample === 1
      ? "Es la única propuesta: nada se acepta sin comprobar."
      : `La muestra incluye las ${count(sample)}: nada se acepta sin comprobar.`,
  share,
  errorLimit: "Límite de error",
  errorLimitNote: "de las anotaciones aceptadas puede estar mal",
  neededSample: (sample, limit) => `Para un límite del ${share(limit)}, comprueba ${count(sample)}.`,
  answersAreDecisions: "Tus respuestas son decisiones: bien acepta la anotación, mal la rechaza.",
  begin: (sample) => (sample === 0 ? "Comprobar una muestra" : `Comprobar una muestra de ${count(sample)}`),

  earlier: "Muestras anteriores",
  above,
  state: ({ accepted, sample, error_rate }) => {
    if (accepted !== null) return `${count(accepted)} aceptadas sin comprobar.`;
    return error_rate !== null && error_rate.judged >= sample.length ? "Nada aceptado sin comprobar." : "Sin terminar.";
  },
  continueAudit: (judged, sample) => `Seguir, ${count(judged)} de ${count(sample)}`,
  openAudit: "Abrir",

  leave: "Salir de la muestra",
  progress: (judged, sample) => `Comprobadas ${count(judged)} de ${count(sample)}`,
  checked: "Comprobadas",
  of: (sample) => `de ${count(sample)}`,
  pace: (milliseconds) => `${decimal(milliseconds / 1000)} s por anotación`,
  loading: "Abriendo la muestra",
  canvas: (label, image) => `${label} en ${image}`,
  wholeImage: "Mostrar la imagen entera",
  hideAnnotation: "Ocultar la anotación",
  thisAnnotation: "Esta anotación",
  question: (label) => `¿Es correcta «${label}» y está bien colocada?`,
  confidence: "Confianza",
  image: "Imagen",
  right: "Bien",
  wrong: "Mal",
  undo: "Deshacer",
  why: "¿Por qué estaba mal la última?",
  resultSoFar: "Hasta ahora",
  nothingYet: "Aún no se ha comprobado ninguna.",
  runningResult: (finding) =>
    `${wrongOf(finding)} Como mucho ${share(finding.at_most)} de todas están mal (confianza del 95 %).`,
  sampleStrip: (judged, wrong, sample) => `De ${count(sample)}, ${count(judged)} comprobadas, ${count(wrong)} mal`,

  result: "Resultado de la muestra",
  resultText: (finding, all) =>
    finding.judged >= all
      ? `${wrongOf(finding)} ${all === 1 ? "No hay otras." : "Se comprobaron todas."}`
      : `${wrongOf(finding)} Con una confianza del 95 %, como mucho ${share(finding.at_most)} de las ${count(all)} están mal.`,
  annotationsGone: "Las anotaciones de esta muestra ya no están en la biblioteca.",
  acceptOthers: (number) => (number === 1 ? "Aceptar la otra" : `Aceptar las otras ${count(number)}`),
  withinLimit: (limit) => `Está dentro de tu límite del ${share(limit)}.`,
  aboveLimit: (limit, more, reserve) => {
    const yourLimit = `Tu límite es el ${share(limit)}.`;
    if (more === null) return `${yourLimit} Por ahora hay más errores. Comprueba más o elige un umbral más alto.`;
    return more > reserve
      ? `${yourLimit} Hay demasiado pocas para confirmarlo. Elige un umbral más alto o compruébalas todas.`
      : `${yourLimit} Unas ${count(more)} más con esta tasa de error lo confirmarían.`;
  },
  sampleMore: (number) => `Comprobar ${count(number)} más`,
  ask: {
    title: (number) => `¿Aceptar ${annotations(number)} por encima del límite de error?`,
    what: (finding, limit) =>
      `Hasta un ${share(finding.at_most)} puede estar mal (confianza del 95 %). Tu límite es el ${share(limit)}.`,
    note: "No se han comprobado. Deshacer lo revierte todo como un solo paso.",
    accept: (number) => `Aceptar ${annotations(number)}`,
  },
  higher: "Elegir un umbral más alto",
  close: "Dejar las otras por decidir",
  back: "Volver",
  accepted: (number, label) =>
    `${annotations(number)} de ${label} ${number === 1 ? "aceptada" : "aceptadas"} sin comprobar`,
};
