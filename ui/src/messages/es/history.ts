import type { RunSummary } from "../../api/bindings";
import type { history as english } from "../en/history";
import { costAndEstimate, count, decimal, duration, enoughMoney, likelyMoney, money, percent } from "../format";
import type { Translation } from "../translation";
import { run } from "./run";

const images = (number: number): string => `${count(number)} ${number === 1 ? "imagen" : "imágenes"}`;
const annotations = (number: number): string => `${count(number)} ${number === 1 ? "anotación" : "anotaciones"}`;

const named = (names: readonly string[], more: number): string =>
  `${names.join(", ")}${more > 0 ? ` y ${count(more)} más` : ""}`;
const cost = ({ paid_dollars: paid, quoted_dollars: quoted }: RunSummary): string => {
  if (quoted === null) return `coste ${money(paid)}`;
  const { cost, estimate, likely, bound } = costAndEstimate(paid, quoted);
  return `coste ${cost} (estimado ${estimate}, probable ${likely}, nunca más de ${bound})`;
};
const share = (part: number) => `${decimal(Math.abs(part - 1) * 100, 0)} %`;

export const history: Translation<typeof english> = {
  title: "Ejecuciones",
  summary: (runs, done, paid) =>
    `${count(runs)} ${runs === 1 ? "ejecución" : "ejecuciones"}, ${images(done)} ${done === 1 ? "anotada" : "anotadas"}, ${paid === 0 ? "nada pagado" : `${money(paid)} pagados`}`,
  table: "Ejecuciones, primero las más nuevas",
  columns: {
    run: "Ejecución",
    started: "Inicio",
    model: "Modelo",
    recipe: "Receta",
    images: "Imágenes",
    quoted: "Presup.",
    range: "Intervalo probable, pagado",
    paid: "Pagado",
    p50: "P50",
    p95: "P95",
    retries: "Reint.",
    rate: "Ritmo",
    reviewed: "Revisadas",
  },
  run: (id) => `Ejecución ${count(id)}`,
  imagesOf: (done, total) => (done === total ? count(total) : `${count(done)} de ${count(total)}`),
  reviewedOf: (reviewed, total) => `${count(reviewed)} de ${count(total)}`,
  noQuote: "ninguno",

  reportOf: (run) => `Informe de la ejecución ${count(run)}`,
  what: (model, recipe, total) => `${model}, ${recipe}, ${images(total)}`,
  undo: "Deshacer esta ejecución",
  report: "Informe",
  metricsJson: "Métricas en JSON",
  page: "Informe HTML",
  pageSaved: (path) => `Informe guardado en ${path}`,
  metricsSaved: (path) => `Métricas guardadas en ${path}`,
  undone: (run, taken) =>
    `Ejecución ${count(run)} deshecha: ${annotations(taken)} ${taken === 1 ? "quitada" : "quitadas"}`,

  undoTitle: (run) => `¿Deshacer la ejecución ${count(run)}?`,
  undoRemoves: (undecided) =>
    undecided === 0
      ? "Todas las propuestas de esta ejecución están ya decididas, así que no se quitará nada."
      : `Esto quita ${undecided === 1 ? "la propuesta sin decidir" : `las ${count(undecided)} propuestas sin decidir`} de esta ejecución.`,
  undoKeeps:
    "Las anotaciones que aceptaste, editaste o rechazaste se conservan, y también la ejecución en este historial.",
  keep: "Conservarlas",
  undoConfirm: (undecided) => `Quitar ${annotations(undecided)}`,

  batchEnded: {
    summary: (ended, tookMillis) => {
      const { state } = ended;
      const isThrough = state.kind !== "stopped" || state.reason === "completed";
      return [
        `La ejecución por lotes ${count(ended.id)} ${isThrough ? "ha terminado" : `se ha detenido (${run.states[state.reason].toLowerCase()})`}: `,
        `${images(ended.done)} ${ended.done === 1 ? "hecha" : "hechas"}, ${count(ended.failed)} ${ended.failed === 1 ? "fallida" : "fallidas"}, ${annotations(ended.annotation_count)}; `,
        `${cost(ended)}, en ${run.wholeMinutes(tookMillis)}.`,
      ].join("");
    },
    dismiss: (ended) => `Descartar el aviso de la ejecución ${count(ended)}`,
  },
  mode: "Modo",
  batch: "Por lotes",
  inBatches: "por lotes",
  sent: "Imágenes enviadas",
  reused: "Respuestas reutilizadas",
  propagated: "Imágenes con anotaciones propagadas",
  propagatedAnnotations: "Anotaciones propagadas",
  unread: "Archivos que no se pudieron leer",

  cost: "Coste estimado y real",
  notReported: "Coste no comunicado",
  priceUnknown: "Precio desconocido",
  paidOf: (paid, quoted) => {
    const { cost, estimate } = costAndEstimate(paid, quoted);
    return `${cost} (estimado ${estimate})`;
  },
  deviation: (part) =>
    Math.abs(part - 1) < 0.005
      ? "como lo estimado"
      : part < 1
        ? `${share(part)} por debajo`
        : `${share(part)} por encima`,
  partialProgress: (finished, total) => `${count(finished)} de ${images(total)} hasta ahora`,
  likely: (quoted) => `probable ${likelyMoney(quoted)}`,
  bound: (quoted) => `nunca más de ${enoughMoney(quoted.at_most)}`,
  estimates: (inRange, runs) =>
    `coste en el intervalo probable en ${count(inRange)} de ${count(runs)} ${runs === 1 ? "ejecución" : "ejecuciones"}`,
  sentTo: "Enviado a",
  tokensIn: "Tokens de entrada",
  tokensCached: "de ellos, de la caché",
  tokensOut: "Tokens de salida",
  tokensThinking: "de ellos, de razonamiento",
  maybeBilled: "Sin respuesta, quizá cobradas",
  maybeBilledOf: ({ count: requests, at_most_dollars: atMost }) =>
    `${count(requests)}, ${enoughMoney(atMost)} como mucho`,
  cutShort: "Respuestas cortadas",
  endpoints: "Endpoints",
  endpoint: ({ name, answered, failed, problem, is_working }) => {
    if (problem === "no_key" || problem === "unusable") return `${name}: no se usa, ${run.endpointProblems[problem]}`;
    const served = `${count(answered)} ${answered === 1 ? "petición respondida" : "peticiones respondidas"}${failed === 0 ? "" : `, ${count(failed)} con fallo`}`;
    if (problem === null) return `${name}: ${served}`;
    return `${name}: ${served}; ${is_working ? "vuelve a funcionar tras" : "no funciona"}: ${run.endpointProblems[problem]}`;
  },
  requests: "Peticiones",
  requestsPerImage: (each) => `${decimal(each)} por imagen, y reintentos`,
  unchecked: "Imágenes cuya segunda petición falló: queda lo que encontró la primera, sin comprobar",
  retried: "Reintentos automáticos",
  corrections: "Corregido",
  dropped: "Anotaciones omitidas",
  correction: (repair) => {
    switch (repair.kind) {
      case "words_around":
        return "Texto alrededor del JSON";
      case "broken_json":
        return "JSON con errores, leído elemento a elemento";
      case "cut_off":
        return "Respuestas cortadas";
      case "label_renamed":
        return `Etiquetas renombradas, como «${repair.answered}»`;
      case "item_from_text":
        return "Anotaciones escritas solo como texto";
      case "number_from_text":
        return `Números escritos como texto, como ${repair.field}`;
      case "corners_swapped":
        return "Esquinas intercambiadas";
      case "clamped_to_picture":
        return `Formas recortadas en el borde, por ejemplo ${decimal(repair.pixels, 0)} px`;
      case "confidence_from_percent":
        return "Confianza en tanto por ciento";
      case "confidence_left_out":
        return `Valores de confianza no válidos descartados, como «${repair.answered}»`;
      case "attribute_converted":
        return `${repair.name} convertido a su tipo, como «${repair.answered}»`;
      case "attribute_clamped":
        return !repair.range
          ? `${repair.name} ajustado a su rango`
          : `${repair.name} ajustado a ${count(repair.range.min)}–${count(repair.range.max)}`;
      case "attribute_left_out":
        return `${repair.name} no válido descartado, como «${repair.answered}»`;
    }
  },
  drop: ({ example, names, more_names }) => {
    switch (example.kind) {
      case "unreadable":
        return "No se puede leer como anotación";
      case "no_label":
        return "Sin etiqueta";
      case "unknown_label":
        return `Etiqueta fuera de la receta: ${named(names, more_names)}`;
      case "no_box":
        return "Sin coordenadas utilizables";
      case "no_text":
        return "Descripciones sin texto";
      case "shape_not_asked_for":
        return "Formas que la receta no pide";
      case "no_extent":
        return "Formas sin superficie";
      case "outside_picture":
        return "Formas fuera de la imagen";
      case "attribute_missing":
        return `Sin un atributo obligatorio: ${named(names, more_names)}`;
      case "too_many":
        return "Por encima del límite de 5000 anotaciones por respuesta";
    }
  },

  figures: "Métricas",
  wall: "Tiempo real",
  mean: "Media por imagen",
  p50: "P50",
  p95: "P95",
  p99: "P99",
  throughput: "Imágenes por segundo",
  success: "Tasa de éxito",
  retries: "Reintentos",
  concurrency: (mode) => (mode === "live" ? "Máx. peticiones en curso" : "Máx. imágenes en lotes"),
  parallelism: "Paralelismo",
  speedup: "Aceleración",
  timeSaved: "Tiempo ahorrado",
  times: (factor) => `${decimal(factor, factor < 10 ? 2 : 1)} ×`,
  parallelismNote: (summed, wall) =>
    `Paralelismo: las duraciones de todas las imágenes suman ${duration(summed)}, en ${duration(wall)}. No es una aceleración: en paralelo, cada imagen tarda más.`,
  speedupNote: ({ baseline, sequential_millis }) => {
    switch (baseline.kind) {
      case "this_run":
        return "Aceleración: esta ejecución envió las imágenes de una en una.";
      case "alone_images":
        return `Aceleración: de una en una habrían llevado ${duration(sequential_millis)}, según ${images(baseline.images)} de esta ejecución que ${baseline.images === 1 ? "se procesó sola" : "se procesaron solas"}.`;
      case "sequential_run":
        return `Aceleración: de una en una llevaron ${duration(sequential_millis)}.`;
    }
  },
  retriesOf: (retries, rate) => (retries === 0 ? "ninguno" : `${count(retries)}, ${decimal(rate, 3)} por imagen`),
  noMetrics: "Esta ejecución no ha enviado ninguna imagen al modelo, así que no hay nada que medir.",
  duration,
  percent,
  decimal,

  durations: "Tiempo por imagen",
  durationsNote: (total) => images(total),
  durationsText: (from, to, p50) =>
    `Histograma de duraciones de ${duration(from)} a ${duration(to)}; la mitad de las imágenes tardó ${duration(p50)} o menos.`,
  percentile: (name, milliseconds) => `${name} ${duration(milliseconds)}`,

  labels: "Etiquetas encontradas",
  labelsNote: (total) => annotations(total),
  noLabels: "No se encontraron anotaciones.",
  failures: "Fallos",
  failureImages: images,
  noFailures: "No falló ninguna imagen.",
  failedImages: (number) => (number === 1 ? "La imagen fallida" : `Las ${count(number)} imágenes fallidas`),
  failedImage: ({ requests, paid_dollars: paid, possibly_billed_dollars: possiblyBilled }) =>
    [
      requests === 0 ? "no se envió" : `${count(requests)} ${requests === 1 ? "petición" : "peticiones"}`,
      ...(paid === 0 ? [] : [`${money(paid)} pagados`]),
      ...(possiblyBilled === 0 ? [] : [`quizá cobrados hasta ${enoughMoney(possiblyBilled)} más`]),
    ].join(", "),

  emptyTitle: "Aún no hay ejecuciones",
  emptyNote: "Aquí se guarda cada ejecución con sus métricas, su coste y sus anotaciones.",
  toPlan: "Planificar una ejecución",
  toLibrary: "Ir a la biblioteca",

  filters: {
    text: "Buscar ejecuciones",
    model: "Modelo",
    allModels: "Todos los modelos",
    recipe: "Receta",
    allRecipes: "Todas las recetas",
    tag: "Marca",
    allTags: "Todas las marcas",
    none: "Ninguna ejecución cumple estos filtros.",
  },
  describe: {
    title: (run) => `Nombre y marcas de la ejecución ${count(run)}`,
    name: "Nombre",
    tags: "Marcas",
    tagsNote: "Separadas por comas.",
    cancel: "Cancelar",
    save: "Guardar",
    saved: (run) => `Nombre y marcas de la ejecución ${count(run)} cambiados`,
    restored: (run) => `La ejecución ${count(run)} vuelve a tener su nombre y sus marcas de antes`,
  },
  beside: {
    column: "Ver junto a otras",
    mark: (run) => `Ver la ejecución ${count(run)} junto a otras`,
    title: (runs) => `${count(runs)} ejecuciones juntas`,
    line: (letter, run) => `${letter}, ejecución ${count(run)}`,
    onPhotos: "Ver en las fotos",
    stop: "Cerrar",
    charts: "Gráficos",
    figures: "Cifras",
    figure: "Cifra",
    ratesText: "Imágenes por minuto de cada ejecución en su tiempo activo",
    durations: "Tiempo mediano por imagen",
    durationsText: "Tiempo mediano por imagen de cada ejecución en su tiempo activo",
    costs: "Coste según las imágenes hechas",
    costsText: "Coste de cada ejecución según el número de imágenes hechas",
    unmeasured: "Estas ejecuciones no tienen esas cifras.",
    rows: {
      images: "Imágenes",
      failed: "Fallidas",
      annotations: "Anotaciones",
      reviewed: "Revisadas",
      quoted: "Presupuesto",
      paid: "Pagado",
      perThousand: "1.000 imágenes enviadas",
      p50: "Tiempo por imagen, P50",
      p95: "Tiempo por imagen, P95",
      rate: "Ritmo",
      retries: "Reintentos",
    },
  },
  charts: {
    answers: "Respuestas",
    offBy: "Desviación",
    span: (from, to) => `de ${duration(from)} a ${duration(to)}`,
  },
};
