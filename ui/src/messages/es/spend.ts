import type { spend as english } from "../en/spend";
import { count, date, decimal, exactMoney, likelyMoney, money, percent } from "../format";
import type { Translation } from "../translation";

const images = (number: number): string => `${count(number)} ${number === 1 ? "imagen" : "imágenes"}`;
const runs = (number: number): string => `${count(number)} ${number === 1 ? "ejecución" : "ejecuciones"}`;
const share = (part: number): string => `${decimal(Math.abs(part - 1) * 100)} %`;

export const spend: Translation<typeof english> = {
  tabs: "Partes del historial",
  runs: "Ejecuciones",
  spend: "Gasto",
  quality: "Calidad",
  filters: {
    period: "Periodo",
    months: (number) => (number === 1 ? "Este mes" : `Últimos ${count(number)} meses`),
    allTime: "Desde el principio",
    model: "Modelo",
    allModels: "Todos los modelos",
    recipe: "Receta",
    allRecipes: "Todas las recetas",
    collection: "Colección",
    allCollections: "Todas las colecciones",
  },
  export: "Exportar CSV",
  exportBy: {
    shown: (key) => `Por mes y ${key.toLowerCase()}`,
    all: "Por mes, modelo, receta y colección",
  },
  saved: (path) => `Gasto guardado en ${path}`,
  calibration: "Calibración",
  noCollection: "Sin colección",
  others: (number) => `${count(number)} más`,

  paid: "Pagado",
  paidNote: (of, sent) => `${runs(of)}, ${images(sent)}`,
  unpriced: (requests) => `sin ${count(requests)} ${requests === 1 ? "petición" : "peticiones"} de precio desconocido`,
  unpricedReviewed: (requests) =>
    requests === 1 ? "1 petición no tiene precio conocido" : `${count(requests)} peticiones no tienen precio conocido`,
  quotes: "Frente al presupuesto",
  deviation: (part) =>
    Math.abs(part - 1) < 0.0005 ? "Lo estimado" : part < 1 ? `${share(part)} menos` : `${share(part)} más`,
  quoted: (dollars) => `${money(dollars)} presupuestados`,
  noQuotes: "Ninguna ejecución completa tenía presupuesto",
  likely: "En el intervalo probable",
  likelyOf: (inRange, all) => `${count(inRange)} de ${count(all)}`,
  neverAbove: "nunca por encima del límite",
  above: (number) => `${runs(number)} por encima del límite`,
  noRange: "Ninguna ejecución completa tenía intervalo",
  perThousand: "Por 1.000 aceptadas",
  accepted: (number) => `${count(number)} ${number === 1 ? "aceptada" : "aceptadas"}`,
  noneReviewed: "Nada de lo enviado se ha revisado",
  noneAccepted: "No se aceptó ninguna",
  reviewedFree: "Lo revisado no costó nada",
  failed: "Pagado por fallos",
  failedNote: (part) => `${percent(part)} de lo pagado`,
  nothingPaid: "no se pagó nada",
  pricedOnly: "de peticiones de precio conocido",
  possible: "Quizá cobrado además",
  possibleNote: "peticiones sin respuesta, como mucho",
  unmeasured: "–",

  byMonth: "Por mes",
  byMonthText: "Lo pagado por mes",
  splitBy: "Dividir por",
  keys: { model: "Modelo", recipe: "Receta", collection: "Colección" },
  inAll: (paid, of) => `${paid} en ${runs(of)}`,
  noMonths: {
    nothingSent: "En este periodo no se envió ninguna petición.",
    nothingPaid: "En este periodo no se pagó nada.",
    priceUnknown: "No se sabe cuánto costaron las peticiones de este periodo.",
  },

  monthTitle: (name) => `${name.charAt(0).toUpperCase()}${name.slice(1)}`,
  monthSpent: ({ spent_dollars: spent, cap_dollars: cap }) =>
    cap === null ? money(spent) : `${money(spent)} de ${exactMoney(cap)}`,
  monthText: "Lo gastado este mes por todas las ejecuciones, día a día",
  spentSoFar: "Gastado",
  cap: "Tope",
  ahead: "Previsión",
  day: (day) => `Día ${count(day)}`,
  capKept: (left) => `Quedan ${money(left)}. Las ejecuciones se detienen antes de poder superar el tope.`,
  noCap: "No hay tope mensual.",
  changeCap: "Cambiar el tope",
  forecastFor: (day) => `Previsión para el ${date(day)}`,
  forecastNote: ({ days, spent_dollars: spent }) =>
    `Al ritmo de los últimos ${count(days)} días, que costaron ${money(spent)}.`,
  noForecast: "Sin previsión: las peticiones empezaron hace menos de una semana.",
  overCap: (dollars) => `${money(dollars)} por encima del tope`,
  underCap: (dollars) => `${money(dollars)} por debajo del tope`,

  estimates: "Presupuesto y pagado",
  estimatesNote: "lo pagado como parte del presupuesto, por ejecución, de la más antigua a la más nueva",
  estimatesText: "Coste de las ejecuciones como parte de su presupuesto, de la más antigua a la más nueva",
  estimateOf: (run, model) => `Ejecución ${count(run)}, ${model}`,
  paidInRange: "Pagado, en el intervalo probable",
  paidOutside: "Pagado, fuera de él",
  range: "Intervalo probable",
  rangeOf: (quoted) => likelyMoney(quoted),
  quote: "Presupuesto",
  verdict: (inRange, all, over, under) =>
    `${count(inRange)} de ${count(all)} en el intervalo probable, ${count(over)} por encima, ${count(under)} por debajo.`,
  half: (part) => `La mitad de las ejecuciones se desvía como mucho un ${decimal(part * 100)} % de su presupuesto.`,

  acceptedCost: "Coste de una anotación aceptada",
  acceptedNote: "Lo pagado por las imágenes enviadas y revisadas, entre las anotaciones aceptadas en ellas.",
  columns: {
    model: "Modelo",
    runs: "Ejec.",
    images: "Imágenes",
    paid: "Pagado",
    accepted: "Aceptadas",
    perThousand: "Por 1.000",
    share: "Parte",
  },
  byRecipe: "Por receta",
  byCollection: "Por colección",
  byModel: "Por modelo",
  priceUnknown: "desconocido",
  paidAndUnknown: (paid) => `${money(paid)} y desconocido`,

  emptyTitle: "Todavía no se ha gastado nada",
  emptyNote: "Aquí se muestra lo que cuestan las peticiones por mes, modelo, receta y colección.",
};
