import type { ErrorRate } from "../../ipc/bindings";
import type { audit as english } from "../en/audit";
import { confidence, count, decimal } from "../format";
import type { Words } from "../words";

const marks = (number: number) => `${count(number)} ${number === 1 ? "marca" : "marcas"}`;
const annotations = (number: number) => `${count(number)} ${number === 1 ? "anotación" : "anotaciones"}`;
const proposals = (number: number) => `${count(number)} ${number === 1 ? "propuesta" : "propuestas"}`;
/** Figure and sign stay on one line. */
const share = (value: number) => `${decimal(value * 100)}\u00a0%`;
const above = (label: string, threshold: number) => `${label}, desde ${confidence(threshold)}`;

const wrongOf = ({ wrong, judged, rate }: ErrorRate): string => {
  if (wrong === 0) return judged === 1 ? "La única estaba bien." : `Ninguna de ${count(judged)} estaba mal.`;
  return `${count(wrong)} de ${count(judged)} ${wrong === 1 ? "estaba" : "estaban"} mal: ${share(rate)}.`;
};

export const audit: Words<typeof english> = {
  title: "Aceptar desde un umbral",
  open: "Aceptar desde…",
  on: (parts) => (parts.length === 0 ? "En todas las imágenes" : `En las imágenes que cumplen: ${parts.join(", ")}`),
  inCollection: (name) => `en ${name}`,
  labels: "Etiqueta",
  labelName: (label, number) => `${label}, ${proposals(number)}`,
  nothing: "Ninguna propuesta espera una decisión en estas imágenes.",
  threshold: "Umbral",
  histogram: "Propuestas por confianza, con el umbral",
  counted: (number, all, threshold) => `${count(number)} de ${proposals(all)} desde ${confidence(threshold)}`,
  unstated: (number) =>
    `${count(number)} ${number === 1 ? "no dice" : "no dicen"} su confianza y se ${number === 1 ? "deja" : "dejan"} como ${number === 1 ? "está" : "están"}.`,
  sample: "Muestra",
  sampleWrong: "Un número entero, al menos 1.",
  drawn: "elegidas al azar",
  cleanBound: (sample, atMost) =>
    `${count(sample)} bien de ${count(sample)} significaría: como mucho ${share(atMost)} mal (al 95 %).`,
  wholeSample: (sample) =>
    sample === 1 ? "Es la única: se mira." : `Son las ${count(sample)} que hay: nada se acepta sin verlo.`,
  share,
  errorLimit: "Límite de error",
  errorLimitNote: "de lo aceptado puede estar mal",
  neededSample: (sample, limit) => `Para un límite del ${share(limit)}, mira ${count(sample)}.`,
  decides: "Lo que digas allí es una decisión: bien acepta la marca, mal la rechaza.",
  begin: (sample) => (sample === 0 ? "Mirar una muestra" : `Mirar una muestra de ${count(sample)}`),

  earlier: "Muestras anteriores",
  above,
  state: ({ accepted, sample, error_rate }) => {
    if (accepted !== null) return `${count(accepted)} aceptadas sin ver.`;
    return error_rate !== null && error_rate.judged >= sample.length ? "Nada aceptado sin ver." : "Sin terminar.";
  },
  goOn: (judged, sample) => `Seguir, ${count(judged)} de ${count(sample)}`,
  look: "Abrir",

  leave: "Salir de la muestra",
  progress: (judged, sample) => `Vistas ${count(judged)} de ${count(sample)}`,
  lookedAt: "Vistas",
  of: (sample) => `de ${count(sample)}`,
  pace: (milliseconds) => `${decimal(milliseconds / 1000)} s por marca`,
  loading: "Abriendo la muestra",
  picture: (label, image) => `${label} en ${image}`,
  whole: "Mostrar la imagen entera",
  hideMark: "Ocultar la marca",
  mark: "Esta marca",
  question: (label) => `¿Es ${label} y está en su sitio?`,
  certainty: "Confianza",
  image: "Imagen",
  right: "Bien",
  wrong: "Mal",
  takeBack: "Deshacer",
  why: "¿Por qué estaba mal la última?",
  soFar: "Hasta ahora",
  nothingYet: "Aún no se ha mirado ninguna.",
  running: (finding) => `${wrongOf(finding)} Como mucho ${share(finding.at_most)} de todas están mal (al 95 %).`,
  strip: (judged, wrong, sample) => `De ${count(sample)}, ${count(judged)} vistas, ${count(wrong)} mal`,

  found: "Lo que dice la muestra",
  statement: (finding, all) =>
    finding.judged >= all
      ? `${wrongOf(finding)} ${all === 1 ? "No hay otras." : "Eran todas."}`
      : `${wrongOf(finding)} Con una confianza del 95 %, como mucho ${share(finding.at_most)} de las ${count(all)} lo están.`,
  gone: "Las marcas de esta muestra ya no están en la biblioteca.",
  acceptOthers: (number) => (number === 1 ? "Aceptar la otra" : `Aceptar las otras ${count(number)}`),
  withinLimit: (limit) => `Está dentro del ${share(limit)} que pediste.`,
  aboveLimit: (limit, more, reserve) => {
    const asked = `Pediste como mucho un ${share(limit)}.`;
    if (more === null)
      return `${asked} Hasta ahora están mal más. Mira más para estar más seguro, o elige un umbral más alto.`;
    return more > reserve
      ? `${asked} Hay demasiado pocas para mostrarlo: elige un umbral más alto o míralas todas.`
      : `${asked} Unas ${count(more)} más, mal tan pocas veces como estas, lo mostrarían.`;
  },
  sampleMore: (number) => `Mirar ${count(number)} más`,
  ask: {
    title: (number) => `¿Aceptar ${annotations(number)} por encima del límite de error?`,
    what: (finding, limit) =>
      `Hasta un ${share(finding.at_most)} puede estar mal (al 95 %). Pediste como mucho un ${share(limit)}.`,
    note: "Nadie las ha mirado. Deshacer lo revierte todo como un solo paso.",
    accept: (number) => `Aceptar ${annotations(number)}`,
  },
  higher: "Elegir un umbral más alto",
  close: "Dejar las otras por decidir",
  back: "Volver",
  accepted: (number, label) => `${marks(number)} de ${label} ${number === 1 ? "aceptada" : "aceptadas"} sin ver`,
};
