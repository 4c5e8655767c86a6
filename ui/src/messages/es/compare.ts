import type { compare as english } from "../en/compare";
import { count, percent } from "../format";
import type { Translation } from "../translation";

const images = (number: number): string => `${count(number)} ${number === 1 ? "imagen" : "imágenes"}`;
const things = (number: number): string => `${count(number)} ${number === 1 ? "objeto" : "objetos"}`;
export const compare: Translation<typeof english> = {
  letters: { first: "A", second: "B" },
  between: (first, second) => `${first} ↔ ${second}`,
  run: (id, model) => `Ejecución ${count(id)} ${model}`,
  decided: "Decisiones de personas",
  sides: { first: "Lado A", second: "Lado B" },
  swap: "Intercambiar A y B",
  compare: "Comparar",
  compareWith: "Comparar…",
  chooseTitle: (run) => `Comparar la ejecución ${count(run)} con`,
  chooseNote: "En las imágenes que ambos incluyen.",
  decidedNote: "Lo que aceptaste, editaste o dibujaste en imágenes revisadas",
  leave: "Volver a la pantalla anterior",

  summary: ({ relabelled, only_first, only_second, agreed }) => {
    const different = relabelled + only_first + only_second;
    return `${things(different)} ${different === 1 ? "difiere" : "difieren"}, ${count(agreed)} de acuerdo`;
  },
  differing: (differing, all) => `${count(differing)} de ${images(all)} ${differing === 1 ? "difiere" : "difieren"}`,
  imageOf: (place, all) => `Imagen ${count(place)} de ${count(all)}`,
  decidedOf: (settled, all) => `Decididas ${count(settled)} de ${images(all)}`,

  figures: "Acuerdo",
  columns: { kind: "Objetos", first: "A", second: "B" },
  agreed: "De acuerdo",
  relabelled: "Otra etiqueta",
  onlyHere: "Solo aquí",
  share: "Acuerdo",
  percent,

  differences: "Diferencias",
  differencesNote: (all, open) =>
    all === 0 ? "aquí ninguna" : `${count(all)}, ${open === 0 ? "todas decididas" : `${count(open)} por decidir`}`,
  agreedGroup: (number) => `Ambos de acuerdo, ${count(number)}`,
  onlyOne: { first: "Solo A:", second: "Solo B:" },
  or: "o",
  both: "Ambos:",
  states: {
    open: "por decidir",
    first: "elegida A",
    second: "elegida B",
    both: "elegidas ambas",
    neither: "ninguna elegida",
  },
  overlap: (share) => `Las dos se solapan en un ${percent(share)}.`,

  choose: "Elegir",
  nothing: "nada",
  keepBoth: "Ambas",
  keepNeither: "Ninguna",
  acceptAgreed: (number) => `Aceptar ${count(number)} de acuerdo y seguir`,
  nextImage: "Imagen siguiente",
  previousImage: "Imagen anterior",
  skip: "Saltar",
  undo: "Deshacer la última decisión",
  hideAgreed: "Ocultar lo común",

  photo: (name, differences) =>
    `${name}, ${differences === 0 ? "sin diferencias" : differences === 1 ? "1 diferencia" : `${count(differences)} diferencias`}`,
  strip: "Imágenes que difieren",
  stripImage: (name, place, isSettled) => `${name}, imagen ${count(place)}, ${isSettled ? "decidida" : "por decidir"}`,
  comparing: "Comparando",

  endDone: "Todas las diferencias están decididas",
  endDoneNote: (all) => `${images(all)} ${all === 1 ? "difería" : "diferían"}.`,
  endLeft: "Era la última imagen",
  endLeftNote: (left) => `${images(left)} ${left === 1 ? "tiene" : "tienen"} todavía diferencias por decidir.`,
  toUndecided: "Ir a la siguiente",

  failedTitle: "La comparación ha fallado",
  noRunsTitle: "Todavía no hay nada que comparar",
  noRunsNote: "Hace falta una ejecución con respuestas, y otra más o imágenes que hayas revisado.",
  oneRunTitle: "Todavía no hay con qué comparar",
  oneRunNote: (run) =>
    `Solo la ejecución ${count(run)} tiene respuestas. Anota las mismas imágenes con otro modelo, o revisa algunas.`,
  disjointTitle: "Estos lados no tienen imágenes en común",
  disjointNote: "Elige otros lados arriba, o anota las imágenes de uno con el modelo del otro.",
  undecidedTitle: "Ninguna de estas imágenes está revisada",
  undecidedNote: "Revisa algunas imágenes de esta ejecución o elige otro lado arriba.",
  sameTitle: (all) => (all === 1 ? "Ambos coinciden en la única imagen" : `Ambos coinciden en ${images(all)}`),
  sameNote: (agreed) => `${things(agreed)}, ${agreed === 1 ? "encontrado" : "encontrados"} por ambos.`,
  toPlan: "Planificar una ejecución",
  toReview: "Revisar las anotaciones",
  toLibrary: "Ir a la biblioteca",

  nothingToUndo: "No hay ninguna decisión que deshacer.",
  undoneElsewhere: (name) => `Se deshizo la decisión sobre ${name}. No está entre estas imágenes.`,
  failedOn: (name, words) => `${name}: ${words}`,
};
