import type { CostRange, Dollars, RunMode, ShapeKind } from "../../api/bindings";
import type { plan as english } from "../en/plan";
import {
  count,
  date,
  dayOfYear,
  decimal,
  duration,
  enoughMoney,
  exactMoney,
  likelyMoney,
  money,
  names,
  pixels,
} from "../format";
import type { Translation } from "../translation";
import { here } from "../place.svelte";
import { savings } from "./savings";

const images = (number: number) => `${count(number)} ${number === 1 ? "imagen" : "imágenes"}`;

const notInBatches = "Sin lotes: una imagen de esta receta puede necesitar varias peticiones";

const shapes: Record<ShapeKind, string> = {
  box: "Recuadro",
  point: "Punto",
  polygon: "Polígono",
  image_tag: "Etiqueta de imagen",
  caption: "Descripción",
};

const modes: Record<RunMode, string> = { live: "En directo", batch: "Por lotes" };

const likelyAndBound = (cost: CostRange) => `probable ${likelyMoney(cost)}, nunca más de ${enoughMoney(cost.at_most)}`;

/** A price per million tokens, never broken across lines. */
const rate = (perMillion: Dollars) => `${money(perMillion)}\u00a0/\u00a0M`;

const sameMachine = () => here("un servidor en este equipo", "un servidor de modelos en el mismo equipo");

export const plan: Translation<typeof english> = {
  scope: {
    title: "Imágenes",
    all: (number) => `Todas las imágenes (${count(number)})`,
    collection: (name, number) => `${name} (${count(number)})`,
    selected: (number) => `Seleccionadas en la biblioteca (${count(number)})`,
    listed: (number) => `Elegidas para este plan (${count(number)})`,
  },
  recipe: "Receta",
  labels: "Etiquetas",
  shapesTitle: "Formas",
  shapes,
  notKnown: "desconocida",
  allLabels: (number) => `Mostrar las ${count(number)}`,
  fewerLabels: "Mostrar menos",
  attributes: "Atributos",
  instructions: "Instrucciones",
  attribute: ({ kind }) => {
    switch (kind.kind) {
      case "text":
        return "texto libre";
      case "number":
        return `de ${count(kind.min)} a ${count(kind.max)}`;
      case "choice":
        return `una de ${count(kind.options.length)}`;
      case "several_of":
        return `varias de ${count(kind.options.length)}`;
      case "yes_no":
        return "sí o no";
    }
  },
  findThese: "Encontrar estos objetos",
  findPlaceholder: "gato, taza, semáforo",
  findNote: "Nombres separados por comas. Se convierten en una receta tuya.",
  save: "Guardar como receta",
  quoteFor: (number) => `Presupuesto: ${images(number)}`,
  sizesNote: "tamaños tras reducir",
  pricesNote: (of) => `precios del ${date(of)}`,
  quoting: "Midiendo estas imágenes",
  noQuote: "No hay presupuesto para estas imágenes.",
  quoteFailed: "No se ha podido calcular el presupuesto",
  quoteFailedNote: "No se ha enviado nada ni se cobra nada.",
  noRecipe: "Escribe primero qué buscar",
  noRecipeNote: "Todavía no hay ninguna receta. Escribe nombres de objetos, por ejemplo: gato, taza, semáforo.",
  toRecipe: "Escribir qué buscar",
  noneChosen: "No hay imágenes seleccionadas",
  noneChosenNote: "Elige una colección o imágenes en la biblioteca.",
  get quotingNote() {
    return `Se anotan unas pocas de estas imágenes para medir la velocidad ${here("de este equipo", "del servidor")}.`;
  },
  model: "Modelo",
  likely: "Probable",
  likelyNote: "Nueve de cada diez ejecuciones acaban en este intervalo",
  expected: "Previsto",
  bound: "Nunca más de",
  boundNote: "Se cumple aunque cada respuesta llegue a su límite y se cobre cada reintento",
  range: "Intervalo",
  tokens: "Tokens",
  tokensNote: "Tokens de una imagen, de media",
  noTokens: "ninguno",
  time: "Tiempo",
  unpriced: { no_price: "sin precio", now_only: "solo en directo", unsupported: "sin cálculo" },
  unpricedNotes: {
    no_price: "No se conoce el precio de este modelo",
    now_only: "Este modelo no está disponible por lotes",
    unsupported: "Este modelo no puede usar la receta",
  },
  afterRun: "desconocido",
  afterRunNote: "Se conoce después de que este modelo anote algunas imágenes",
  batchTime: "en 24 h",
  batchTimeNote: "El proveedor lo procesa en un plazo de 24 horas",
  mode: "Modo",
  modes,
  modePrice: ({ expected }) => money(expected),
  get thisMachine() {
    return here("este equipo", "el servidor");
  },
  unsupportedRecipe: "no admite esta receta",
  modelHost: (host, isOnThisMachine) => (isOnThisMachine ? `${host}, ${sameMachine()}` : host),
  models: (number) => `${count(number)} ${number === 1 ? "modelo" : "modelos"}`,
  showModels: (number) => `Mostrar ${count(number)} modelos`,
  hideModels: "Ocultar modelos",
  retires: (day, isRetired) => (isRetired ? `Retirado el ${dayOfYear(day)}` : `Se retira el ${dayOfYear(day)}`),
  retiresNote: (day, successor) =>
    `Desde el ${date(day)} ya no está disponible${successor === null ? "" : `; usa ${successor}`}`,
  retired: (day, successor) =>
    `Retirado el ${date(day)}: es probable que su servidor rechace las peticiones. ${successor === null ? "Elige uno más nuevo." : `Usa ${successor}.`}`,
  priceSource: (source) => {
    switch (source.kind) {
      case "catalogue":
        return null;
      case "user":
        return "tu precio";
      case "imported":
        return `precio de ${source.table}`;
    }
  },
  oldPrices: "Estos precios son antiguos y puede que ya no sean correctos. Compáralos con los del proveedor.",
  fixedLabels: (labels) => `${count(labels)} etiquetas`,
  fixedLabelsNote: "Solo detecta estas etiquetas",
  unavailable: (unavailable) => {
    switch (unavailable.kind) {
      case "no_key":
        return `Hace falta una clave para ${unavailable.host}`;
      case "local_only":
        return `Todo está bloqueado en ${here("este equipo", "el servidor")}`;
      case "unusable":
        return `No disponible: ${unavailable.detail}`;
    }
  },
  envFileUnused: "La carpeta de trabajo tiene un archivo .env que aún no se usa.",
  reviewEnvFile: "Ver el archivo",
  unavailableAction: {
    no_key: "Introducir una clave",
    local_only: "Desbloquear en Ajustes",
    unusable: "Abrir Ajustes",
  },
  theModel: (name) => (name === "Built-in detector" ? "El detector integrado" : name),
  unsupported: (modelName, unsupported) => {
    switch (unsupported.kind) {
      case "unknown_labels":
        return `${modelName} no conoce: ${names(unsupported.labels, 8)}`;
      case "no_known_label":
        return `${modelName} no conoce ninguna de estas etiquetas`;
      case "attributes": {
        const many = unsupported.names.length;
        const isOne = many === 1;
        const required = unsupported.are_required ? (isOne ? " obligatorio" : " obligatorios") : "";
        const what = `${count(many)} ${isOne ? "atributo" : "atributos"}${required}`;
        return `Este modelo no puede rellenar ${what}: ${names(unsupported.names, 8)}`;
      }
      case "too_many_optional_attributes":
        return `${modelName} admite ${count(unsupported.limit)} atributos opcionales como mucho; esta receta tiene ${count(unsupported.count)}`;
      case "shapes":
      case "some_shapes":
        return `No compatible con este modelo: ${names(unsupported.shapes.map((shape) => shapes[shape].toLowerCase()))}`;
      case "examples":
        return unsupported.count === 1
          ? "Este modelo no recibe el ejemplo de la receta"
          : `Este modelo no recibe los ${count(unsupported.count)} ejemplos de la receta`;
      case "example_photos":
        return `No se pueden usar fotos de ejemplos: ${names(unsupported.details, 3)}`;
      case "check":
        return `${modelName} no puede comprobar lo encontrado en una segunda petición; no se envía`;
      case "batches":
        return notInBatches;
    }
  },
  timeTitle: "Tiempo previsto",
  timeNote: "como muy pronto",
  timeFormula: (number, each, atOnce) => `Respuestas, ${count(number)} × ${each}, ${count(atOnce)} en paralelo`,
  batchTimeBasis: "El proveedor procesa los lotes en un plazo de 24 horas, a mitad de precio.",
  timeBasis: (basis) =>
    basis.kind === "earlier_run"
      ? `Según una ejecución anterior de este modelo aquí, con ${images(basis.images)}.`
      : `Medido ahora con ${count(basis.images)} de estas imágenes; las respuestas se han descartado.`,
  limitedBy: ({ unit, limit }) => {
    const most = count(Math.round(limit));
    switch (unit) {
      case "requests":
        return `Limitado a ${most} peticiones por minuto`;
      case "tokens":
        return `Limitado a ${most} tokens por minuto`;
      case "input_tokens":
        return `Limitado a ${most} tokens de entrada por minuto`;
      case "output_tokens":
        return `Limitado a ${most} tokens de salida por minuto`;
      case "in_flight":
        return `Limitado a ${most} peticiones en paralelo`;
    }
  },
  timeUnknown: "La velocidad de este modelo se conoce después de que anote algunas imágenes.",
  sizes: "Tamaños de las imágenes",
  otherSizes: "otros tamaños",
  get leavesMachine() {
    return here("Lo que sale de este equipo", "Lo que sale del servidor");
  },
  get nothingLeaves() {
    return here("Nada sale de este equipo", "Nada sale del servidor");
  },
  get nothingLeavesNote() {
    return here(
      "El modelo funciona aquí. Los originales solo se leen.",
      "El modelo funciona allí. Los originales solo se leen.",
    );
  },
  sentTo: (number, edge, { name, is_on_this_machine }) =>
    [
      `${count(number)} JPEG`,
      ...(edge === null ? [] : [`${count(edge)} px como mucho`]),
      `a ${name}${is_on_this_machine ? `, ${sameMachine()}` : ""}`,
    ].join(", "),
  sentToEndpoints: (further) =>
    `y, por tus endpoints adicionales, a ${names(further.map(({ name, host }) => `${name} (${host})`))}`,
  sentExamples: (number) =>
    number === 1 ? "1 foto de ejemplo con cada imagen" : `${count(number)} fotos de ejemplo con cada imagen`,
  sentText: "Nombres de etiquetas, definiciones, instrucciones",
  showPrompt: "Mostrar el prompt exacto",
  promptTitle: "Prompt exacto",
  promptNote: "Se envía con cada imagen, tal como se muestra.",
  agree: {
    title: (number, host) => `¿Enviar ${images(number)} a ${host}?`,
    cost: (cost) => `Se cobra a la cuenta de la clave: unos ${money(cost.expected)}, ${likelyAndBound(cost)}.`,
    get note() {
      return `Se pregunta una vez por host. En Ajustes, Privacidad puedes revocarlo o bloquear todo en ${here("este equipo", "el servidor")}.`;
    },
    send: (number, host) => `Enviar ${images(number)} a ${host}`,
    notNow: "Ahora no",
  },
  images: {
    title: "Imágenes que enviar",
    answered: (answered, total, ignoresSavedAnswers) =>
      `${count(answered)} de ${count(total)} tienen respuesta guardada: ${ignoresSavedAnswers ? "se cobran otra vez" : "no se cobran otra vez"}`,
    ignoreSavedAnswers: "Ignorar las respuestas guardadas",
    similar: (followers) =>
      followers === 1
        ? "Omitir 1 casi duplicada (copiar las anotaciones de una imagen parecida)"
        : `Omitir ${count(followers)} casi duplicadas (copiar las anotaciones de una imagen parecida)`,
  },
  concurrency: {
    advanced: "Avanzado",
    title: "Concurrencia",
    auto: "Automática",
    inShort: (number) => (number === null ? "concurrencia automática" : `${count(number)} en paralelo`),
    note: "Vacío: se ajusta automáticamente y baja cuando el servidor lo pide.",
    invalid: "La concurrencia no es válida.",
  },
  pace: {
    title: "Ritmo",
    names: { auto: "Automático", small: "Pequeño", medium: "Medio", large: "Grande" },
    own: "Valores propios.",
    autoNote: "Tan rápido como lo admita el servidor.",
    note: (atOnce, pauseMillis, millis) =>
      `${count(atOnce)} en paralelo, con una pausa de ${count(pauseMillis)} ms${millis === null ? "" : `: unos ${duration(millis)}`}.`,
    meantFor: {
      small: "Pensado para 5 a 10 imágenes.",
      medium: "Pensado para 10 a 50 imágenes.",
      large: "Pensado para 50 imágenes o más.",
    },
    suggestion: (name) => `Recomendado para esta cantidad de imágenes: ${name}.`,
    pause: "Pausa entre peticiones (ms)",
    none: "ninguna",
    pauseRange: (most) => `Escribe un número entero de milisegundos hasta ${count(most)}.`,
    pauseInvalid: "La pausa no es válida.",
    maxTokens: "Máx. tokens de salida",
    maxTokensNote: "Vacío: el valor del modelo. Un valor menor limita el coste, pero puede cortar respuestas.",
    maxTokensRange: (least, most) => `Escribe un número entero de ${count(least)} a ${count(most)}.`,
    maxTokensInvalid: "El máximo de tokens de salida no es válido.",
  },
  month: {
    left: (spent, cap, reserved, left) =>
      `Este mes: ${money(spent)} de ${exactMoney(cap)} gastados en todas las ejecuciones${reserved > 0 ? `, hasta ${enoughMoney(reserved)} reservados` : ""}, quedan ${money(left)}.`,
    mayStop: (bound, left) =>
      `El máximo de ${enoughMoney(bound)} supera los ${money(left)} que quedan: la ejecución puede detenerse antes de la última imagen.`,
    stops: "El coste probable supera lo que queda: la ejecución se detendrá antes de la última imagen.",
  },
  savings,
  pilot: {
    before: "Probar con",
    after: "imágenes",
    number: "Imágenes de la prueba",
    note: "Las que más difieren. Después, una nueva estimación de las demás según lo que cuesten.",
    all: "No hay más imágenes que esas, así que no hay prueba.",
    annotate: (number, cost) => `Anotar antes ${count(number)}${cost === null ? "" : `, ${cost}`}`,
  },
  budget: {
    title: "Tope de gasto",
    none: "sin tope",
    noneNote: "Sin tope, la ejecución sigue hasta su última imagen.",
    note: (cap) =>
      `Antes de cada petición se reserva el peor caso, así que la ejecución se detiene antes de poder superar ${exactMoney(cap)}.`,
    tooSmall: (cap, dearest) =>
      `${exactMoney(cap)} no alcanza para una sola imagen; la más cara puede costar ${enoughMoney(dearest)}.`,
    noPrice: "Este modelo no tiene precio, así que no se puede aplicar un tope. Vacía el campo para ejecutar sin él.",
    invalid: "El tope de gasto no es válido.",
    beyond: (cap) => `Más que tu tope de ${exactMoney(cap)}`,
    red: "Rojo",
    mayStop:
      "Es menos de lo que puede costar como máximo, así que la ejecución puede detenerse antes de la última imagen.",
    stopsAfter: (number, of) =>
      `Está por debajo del intervalo probable: la ejecución se detendrá tras unas ${count(number)} de ${images(of)}.`,
    batches: (batches) =>
      `Divide la ejecución en unos ${count(batches)} lotes, uno tras otro; cada uno puede tardar hasta un día.`,
    redNote: (cap) =>
      ` marca tu tope de ${exactMoney(cap)}. Si el máximo lo supera, la ejecución puede detenerse antes.`,
  },
  get staysHere() {
    return `${here("Se queda aquí", "Se queda en el servidor")}: originales, nombres de archivo, EXIF, ubicación`;
  },
  cost: "Coste",
  costRange: likelyAndBound,
  sent: ({ size, count: number, image_tokens }) =>
    `${count(number)} a ${pixels(size)}: ${count(image_tokens)} cada una`,
  sentOthers: "Otros tamaños",
  requestsTitle: "Peticiones",
  notInBatches,
  sentParts: "Otros tamaños, partes y segundas peticiones",
  requests: ({ total, most_per_image, images_with_larger_tiles }, asked) =>
    [
      `${count(total)} peticiones: ${decimal(total / asked)} por imagen, ${count(most_per_image)} como máximo`,
      ...(images_with_larger_tiles > 0
        ? [`${images(images_with_larger_tiles)} con partes mayores de lo que dice la receta, porque serían demasiadas`]
        : []),
    ].join("; "),
  imageTokens: ({ image_tokens, input_dollars_per_million: perMillion }) =>
    `${count(image_tokens)} tokens de imagen a ${rate(perMillion)}`,
  textTokens: ({ text_tokens }) => `Texto del prompt: ${count(text_tokens)}`,
  answerTokens: ({ answer_tokens, output_dollars_per_million: perMillion }) =>
    `Respuestas: ${count(answer_tokens)} a ${rate(perMillion)}`,
  answerBasis: (basis) =>
    basis.kind === "assumed"
      ? `La longitud de las respuestas es una suposición: ${count(basis.annotations)} anotaciones por imagen, sin razonamiento.`
      : basis.kind === "other_recipes"
        ? `La longitud de las respuestas se estima a partir de ${images(basis.images)} con otras recetas.`
        : basis.checks > 0
          ? `Según ejecuciones anteriores: ${images(basis.images)} necesitaron ${count(basis.requests)} peticiones, ${count(basis.checks)} de ellas para comprobar lo encontrado.`
          : basis.requests > basis.images
            ? `Según ejecuciones anteriores: ${images(basis.images)} necesitaron ${count(basis.requests)} peticiones, incluidas las repeticiones de respuestas cortadas.`
            : `La longitud de las respuestas es la media de ${images(basis.images)} en ejecuciones anteriores.`,
  caching: ({ instruction_tokens: tokens, least_tokens: least, is_used }) => {
    const instructions = `Las instrucciones (unos ${count(tokens)} tokens)`;
    if (is_used) return `${instructions} se guardan en caché: una petición va primero y las demás leen su caché.`;
    if (tokens >= least) return `${instructions} se cuentan enteras en cada petición.`;
    return `${instructions} no llegan a los ${count(least)} que este modelo necesita para la caché: se cobran enteras en cada petición.`;
  },
  assumedImageTokens:
    "Los tokens de imagen de este modelo se suponen, porque el proveedor no publica ninguna regla: una ejecución puede costar más que esto, y más que su presupuesto.",
  liveTotal: "Previsto, en directo",
  batchTotal: "Por lotes, a mitad de precio",
  highNote: ({ answer_tokens_limit: usual, longer_answer_tokens_limit: longer, retries }) =>
    longer > usual
      ? `Nunca más: cada respuesta se corta a los ${count(usual)} tokens y se pide otra vez, hasta ${count(longer)}, y cada reintento (${count(retries)} por imagen) también se cobra.`
      : `Nunca más: cada respuesta llega a su límite de ${count(usual)} tokens, y cada reintento (${count(retries)} por imagen) también se cobra.`,
  highNoteInBatches: ({ answer_tokens_limit: limit }) =>
    `Nunca más: cada respuesta llega a su límite de ${count(limit)} tokens.`,
  get free() {
    return here("Funciona en este equipo", "Funciona en el servidor");
  },
  allAnswered: "Todas las respuestas están guardadas: no se envía nada",
  noPriceNote: "No se conoce el precio de este modelo.",
  annotate: (number, cost) => `Anotar ${images(number)}${cost === null ? "" : `, ${cost}`}`,
  annotateNew: (asked, reused, cost) =>
    asked === 0
      ? `Reutilizar ${count(reused)} ${reused === 1 ? "respuesta" : "respuestas"}, 0 $`
      : `Anotar ${count(asked)} ${asked === 1 ? "imagen nueva" : "imágenes nuevas"}, ${count(reused)} reutilizadas${cost === null ? "" : `, ${cost}`}`,
  annotateNothing: "Anotar",
  about: (cost) => `unos ${cost}`,
  takes: (time) => `unos ${time}, en segundo plano`,
  takesBatchTime: "en 24 h, en segundo plano",
  noNeedToWait: "en segundo plano",
  noImages: "Aún no hay imágenes que anotar",
  noImagesNote: "Añade antes carpetas o las fotos de ejemplo en la biblioteca.",
  toLibrary: "Ir a la biblioteca",
  chooseModel: "Elige un modelo.",
};
