import type { ImageState, QueryKey, Status, Test, Trait } from "../../api/bindings";
import type { query as english } from "../en/query";
import { confidence, count, date, period } from "../format";
import type { Translation } from "../translation";
import { checks } from "./checks";
import { failures } from "./failures";

type Spans = Extract<Test, { span: unknown }>["span"];

const states: Record<ImageState, string> = {
  unreviewed: "Sin revisar",
  reviewed: "Revisadas",
  confirmed_empty: "Vacías",
  failed: "Fallidas",
  running: "En una ejecución",
};

const statuses: Record<Status, string> = {
  proposed: "Por decidir",
  accepted: "Aceptadas",
  edited: "Editadas",
  rejected: "Rechazadas",
  ground_truth: "De referencia",
};

const traits: Record<Trait, { has: string; lacks: string }> = {
  annotations: { has: "Con anotaciones", lacks: "Sin anotaciones" },
  answer: { has: "Anotadas por un modelo", lacks: "No anotadas por un modelo" },
  attributes: { has: "Con atributos", lacks: "Sin atributos" },
};

function range(span: Spans, shown: (value: never) => string): string {
  switch (span.kind) {
    case "below":
      return `menos de ${shown(span.value as never)}`;
    case "at_most":
      return `como mucho ${shown(span.value as never)}`;
    case "at_least":
      return `al menos ${shown(span.value as never)}`;
    case "above":
      return `más de ${shown(span.value as never)}`;
    case "between":
      return span.least === span.most
        ? shown(span.least as never)
        : `de ${shown(span.least as never)} a ${shown(span.most as never)}`;
  }
}

function dates(span: Spans): string {
  switch (span.kind) {
    case "below":
      return `antes del ${date(String(span.value))}`;
    case "at_most":
      return `hasta el ${date(String(span.value))}`;
    case "at_least":
      return `desde el ${date(String(span.value))}`;
    case "above":
      return `después del ${date(String(span.value))}`;
    case "between": {
      const { are, ends } = period(String(span.least), String(span.most));
      const [from, to] = ends;
      if (from === to) return from;
      return are === "days" ? `del ${from} al ${to}` : `de ${from} a ${to}`;
    }
  }
}

function lowered(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** The text of a condition, and of its negation. */
function conditionTexts(test: Test): [string, string] {
  const both = (text: string): [string, string] => [text, `Excepto ${lowered(text)}`];
  switch (test.kind) {
    case "in":
      return [`En ${test.name}`, `Fuera de ${test.name}`];
    case "label":
      return [`Con ${test.name}`, `Sin ${test.name}`];
    case "any_label": {
      const names = new Intl.ListFormat("es", { type: "disjunction" }).format(test.names);
      return [`Con ${names}`, `Sin ${names}`];
    }
    case "image":
      return both(states[test.state]);
    case "annotation":
      return [
        `Anotaciones ${statuses[test.status].toLowerCase()}`,
        `Sin anotaciones ${statuses[test.status].toLowerCase()}`,
      ];
    case "confidence":
      return both(`Confianza: ${range(test.span, confidence)}`);
    case "run":
      return [`En la ejecución ${count(test.run)}`, `Fuera de la ejecución ${count(test.run)}`];
    case "failure":
      return [failures[test.failure], `Excepto «${failures[test.failure]}»`];
    case "has":
      return [traits[test.what].has, traits[test.what].lacks];
    case "check": {
      const name = checks.names[test.check];
      return [`Error probable: ${lowered(name)}`, `Sin error probable: ${lowered(name)}`];
    }
    case "annotations":
      return both(`Anotaciones: ${range(test.span, count)}`);
    case "date":
      return both(`Fecha: ${dates(test.span)}`);
    case "taken":
      return both(`Fecha de captura: ${dates(test.span)}`);
    case "text":
      return [`«${test.text}»`, `Sin «${test.text}»`];
  }
}

const keys: Record<QueryKey, string> = {
  label: "una etiqueta de la imagen",
  status: "unreviewed, reviewed, empty, failed, running",
  conf: "confianza de una anotación, como <0.5",
  annotation: "estado de revisión de una anotación",
  annotations: "número de anotaciones, como >3",
  has: "annotations, answer, attributes",
  check: "errores probables: duplicate, huge, tiny y más",
  run: "número de una ejecución",
  failed: "motivo de un fallo",
  in: "una colección",
  taken: "fecha de captura, como 2026-05",
  date: "fecha del archivo, como 2026-11",
};

const forms: Partial<Record<QueryKey, string>> = {
  conf: "«conf:» admite un número de 0 a 1, como <0.5 o 0.5..0.8.",
  annotations: "«annotations:» admite un número, como 0, >3 o 2..5.",
  run: "«run:» admite el número de una ejecución, como 12.",
  taken: "«taken:» admite un día, un mes o un año, como 2026-05-14 o >=2026-05.",
  date: "«date:» admite un día, un mes o un año, como 2026-11-03 o >=2026-11.",
};

/** Keyed by the typed value. */
const checkNames: Record<string, string | undefined> = checks.names;

export const query: Translation<typeof english> = {
  condition: ({ is_excluded, test }) => conditionTexts(test)[is_excluded ? 1 : 0],
  statuses,
  traits,
  confidenceRange: (span) => {
    const text = range(span, confidence);
    return text.charAt(0).toUpperCase() + text.slice(1);
  },
  failures,
  problem: (problem) => {
    switch (problem.kind) {
      case "unknown_key":
        return `No hay ningún filtro «${problem.key}:». El texto con dos puntos va entre comillas.`;
      case "no_value":
        return `Escribe un valor después de «${problem.key}:»: ${keys[problem.key]}.`;
      case "unknown_value":
        return forms[problem.key] ?? `«${problem.key}:» admite ${problem.known.join(", ")}.`;
      case "open_quote":
        return "Faltan las comillas de cierre.";
    }
  },
  suggestion: ({ text, key, kind }) => {
    switch (kind.kind) {
      case "key":
        return keys[key];
      case "value":
        return key === "check" ? (checkNames[text.slice(text.indexOf(":") + 1)] ?? "") : "";
      case "counted":
        return count(kind.count);
      case "run":
        return kind.model_name;
    }
  },
  order: "Ordenar por",
  orders: {
    added: "Fecha de adición",
    name: "Nombre de archivo",
    taken: "Fecha de captura",
    newest: "Archivo más nuevo",
    least_certain: "Menor confianza",
    uncertainty: "Más inciertas",
    most_annotations: "Más anotaciones",
    disagreement: "Desacuerdo",
  },
  notReversed: "Orden normal; invertir",
  reversed: "Orden invertido; restablecer",
  only: (name) => `Añadir «${name}» a los filtros`,
  orAlternative: (name) => `O «${name}»`,
  noLonger: (name) => `Quitar «${name}» de los filtros`,
  search: "Buscar",
  searchPlaceholder: "Buscar, o label:cat",
  suggestions: "Sugerencias",
  clear: "Borrar la búsqueda",
  active: "Filtros",
  remove: (text) => `Quitar: ${text}`,
  clearAll: "Quitar todos",
  filters: "Filtros",
  groups: {
    labels: "Etiquetas",
    labelsHere: "Etiquetas de esta colección",
    confidence: "Confianza",
    annotations: "Anotaciones",
    taken: "Fecha de captura",
    runs: "Ejecuciones",
    failures: "Fallos",
  },
  period: (span) => {
    const text = dates(span);
    return text.charAt(0).toUpperCase() + text.slice(1);
  },
  run: (run, model) => `Ejecución ${count(run)}, ${model}`,
  exclude: (name) => `Excluir ${name}`,
  allLabels: (number) => `Mostrar las ${count(number)}`,
  fewLabels: "Mostrar menos",
  nothing: {
    title: "Ninguna imagen coincide",
    note: "Quita uno de estos filtros para ver más:",
    plain: "Cambia la búsqueda para ver más.",
    collection: (name) => `En ${name}`,
    showAll: "Mostrar todas las imágenes",
  },
};
