import type { BatchStage, EndpointProblem, FailureKind, RetryKind } from "../../api/bindings";
import type { run as english } from "../en/run";
import {
  clock,
  count,
  decimal,
  duration,
  enoughMoney,
  exactMoney,
  likelyMoney,
  moment,
  money,
  moneyBeside,
} from "../format";
import type { Translation } from "../translation";
import { here } from "../place.svelte";

const images = (number: number): string => `${count(number)} ${number === 1 ? "imagen" : "imágenes"}`;
const annotations = (number: number): string =>
  number === 0 ? "sin anotaciones" : `${count(number)} ${number === 1 ? "anotación" : "anotaciones"}`;

const failures: Record<FailureKind, { title: string; action: string }> = {
  file_missing: {
    title: "Archivo no encontrado",
    action: "El archivo ya no está donde estaba. Devuélvelo a su sitio y reintenta.",
  },
  file_unreadable: {
    title: "Archivo ilegible",
    action: "El archivo está dañado o ya no es la foto que se añadió. Repáralo y reintenta, o añádelo de nuevo.",
  },
  model_failed: {
    title: "El modelo no respondió",
    action: "Reintenta. Si vuelve a fallar, prueba otro modelo.",
  },
  expired: {
    title: "Lote caducado",
    action:
      "El proveedor no empezó con esta imagen antes de que caducara el lote; no se ha cobrado nada. Reintenta o ejecútala en directo.",
  },
  refused: {
    title: "Imagen rechazada",
    action: "El servidor ha rechazado esta imagen. Omítela o anótala a mano.",
  },
  declined: {
    title: "El modelo se negó",
    action: "El modelo se negó a responder; se cobra igual. Prueba otro modelo o anótala a mano.",
  },
  cut_off: {
    title: "Respuesta cortada",
    action:
      "La respuesta acabó antes de su primera anotación y se ha cobrado. Repite con un máximo de tokens de salida mayor: solo se cobran de nuevo las respuestas cortadas. O pide menos etiquetas.",
  },
  answer_unreadable: {
    title: "Respuesta ilegible",
    action: "La respuesta no es una lista de anotaciones. Se conserva. Prueba otro modelo.",
  },
  answer_unusable: {
    title: "Ninguna anotación sirve",
    action:
      "El modelo respondió con anotaciones, pero ninguna encaja con la receta y la foto. La respuesta se guarda. Revisa los nombres de las etiquetas o prueba otro modelo.",
  },
  coordinates_as_fractions: {
    title: "El modelo responde en coordenadas 0..1",
    action:
      "Los recuadros no están en las coordenadas que se pidieron, así que no se usó ninguno. La respuesta se guarda. Calibra el modelo o prueba otro.",
  },
  coordinates_as_thousandths: {
    title: "El modelo responde en coordenadas 0..1000",
    action:
      "Los recuadros no están en las coordenadas que se pidieron, así que no se usó ninguno. La respuesta se guarda. Calibra el modelo o prueba otro.",
  },
  internal_error: {
    title: "Error interno",
    action: "Fieldmark falló con esta imagen. Reintenta. Si vuelve a fallar, comunícalo con los detalles de abajo.",
  },
};

const stopped: Translation<typeof english>["stopped"] = {
  key_rejected: () => "El servidor rechazó la clave. Introduce otra en Ajustes y reanuda.",
  not_permitted: () =>
    "Esta clave no tiene permiso para esta petición. Pídelo a quien administra la cuenta o introduce otra clave, y reanuda.",
  no_credit: () => "La cuenta no tiene saldo. Recárgala en la página de facturación del proveedor y reanuda.",
  spend_limit: () =>
    "La cuenta ha alcanzado su límite de gasto. Súbelo en la página de facturación del proveedor o espera a que se renueve, y reanuda.",
  monthly_cap_reached: () =>
    "La siguiente petición podría superar el tope mensual de todas las ejecuciones. Sube el tope en Ajustes o reanuda el mes que viene.",
  unknown_model: (model, host) => `${host} no conoce ${model}. Comprueba la dirección o prueba con otro modelo.`,
  not_such_a_server: (_model, host) => `El servidor ${host} no es compatible. Comprueba la dirección y reanuda.`,
  batch_canceled: (_model, host) =>
    `Se canceló un lote en ${host}, y no desde Fieldmark. Lo que había terminado está guardado. Reanuda para enviar el resto de nuevo.`,
  batch_unknown: (_model, host) =>
    `${host} no conoce un lote de esta ejecución. Si la clave es de otra cuenta, introduce la correcta y reanuda. Si el lote ya no existe, renuncia a él.`,
  request_refused: (_model, host) =>
    `${host} rechaza todas las peticiones de esta ejecución por el mismo motivo. Prueba con otro modelo u otra receta.`,
  answers_unreadable: (_model, host) =>
    `Las respuestas de ${host} no se pueden leer, y cada una puede haberse facturado. Comprueba la dirección y la red, y reanuda.`,
  wait_too_long: (_model, host) =>
    `Un límite de peticiones obliga a esperar más de una hora antes de la siguiente petición a ${host}. Reanuda más tarde o revisa los límites en Ajustes.`,
  unreachable: (_model, host) =>
    `No se pudo conectar con ${host} en varios intentos. Comprueba la red, el proxy y el servidor, y reanuda.`,
  answers_pending: () =>
    "Las imágenes que faltan están en un lote de otra ejecución. Reanuda esa ejecución para recoger las respuestas, y después esta.",
  internal_error: () =>
    "Fieldmark falló durante esta ejecución. Todas las respuestas hasta ahora están guardadas. Reanuda y, si vuelve a fallar, comunícalo con los detalles de abajo.",
};

const retries: Record<RetryKind, string> = {
  rate_limited: "Límite de peticiones alcanzado, se esperó lo indicado",
  overloaded: "Servidor saturado (529)",
  server_failed: "Error temporal del servidor",
  connection_lost: "Conexión perdida antes de la respuesta",
  answer_unreadable: "La respuesta del servidor no se pudo leer",
  timed_out: "Sin respuesta a tiempo",
  expired: "El lote caducó antes de empezarla",
  unreachable: "Servidor inaccesible",
  too_large: "Demasiado grande, enviada más pequeña",
  cut_short: "Cortada, se reintentó con un límite más alto",
};

const holds: Record<RetryKind, (host: string) => string> = {
  rate_limited: () => "Límite de peticiones alcanzado",
  overloaded: (host) => `${host} está saturado`,
  server_failed: (host) => `${host} ha fallado`,
  connection_lost: (host) => `Se perdió la conexión con ${host}`,
  answer_unreadable: (host) => `Una respuesta de ${host} no se pudo leer`,
  timed_out: (host) => `${host} no respondió a tiempo`,
  expired: (host) => `Un lote en ${host} ha caducado`,
  unreachable: (host) => `No se puede conectar con ${host}`,
  too_large: (host) => `Una imagen es demasiado grande para ${host}`,
  cut_short: (host) => `Una respuesta de ${host} quedó cortada`,
};

const endpointProblems: Record<EndpointProblem, string> = {
  no_key: "sin clave",
  unusable: "mal configurado, o aún sin permitir",
  key_rejected: "clave incorrecta",
  not_permitted: "a la clave le falta un permiso",
  no_credit: "sin saldo",
  spend_limit: "límite de gasto alcanzado",
  unknown_model: "modelo desconocido",
  not_such_a_server: "no es un servidor compatible",
  request_refused: "rechaza las peticiones",
  answers_unreadable: "respuestas ilegibles",
  wait_too_long: "esperas de más de una hora",
  unreachable: "inaccesible",
  connection_lost: "conexiones cortadas",
  timed_out: "sin respuesta a tiempo",
  server_failed: "errores del servidor",
  overloaded: "saturado",
};

const stages: Record<BatchStage, string> = {
  unconfirmed: "Enviado, sin confirmar",
  working: "En curso",
  canceling: "Cancelándose",
  unknown: "Desconocido para el servidor",
  ended: "Terminado, resultados guardados",
};

export const run: Translation<typeof english> = {
  title: (run) => `Ejecución ${count(run)}`,
  what: (model, recipe, destination, mode) =>
    [
      model,
      ...(mode === "batch" ? ["por lotes"] : []),
      recipe,
      ...(destination.kind === "host" ? [`a ${destination.name}`] : []),
    ].join(", "),
  states: {
    running: "En marcha",
    stopping: "Deteniéndose",
    completed: "Completada",
    paused: "En pausa",
    cancelled: "Cancelada",
    shutdown: "Aplicación cerrada",
    interrupted: "Interrumpida",
    key_rejected: "Clave rechazada",
    not_permitted: "Sin permiso",
    no_credit: "Sin saldo",
    spend_limit: "Límite de gasto",
    unknown_model: "Modelo desconocido",
    not_such_a_server: "Servidor equivocado",
    request_refused: "Rechazada",
    batch_canceled: "Lote cancelado",
    batch_unknown: "Lote desconocido",
    answers_unreadable: "Ilegible",
    wait_too_long: "Espera larga",
    unreachable: "Sin conexión",
    budget_reached: "Tope alcanzado",
    monthly_cap_reached: "Tope mensual alcanzado",
    pilot_done: "Prueba terminada",
    answers_pending: "Respuestas pendientes",
    internal_error: "Error interno",
  },
  pause: "Pausar",
  cancel: "Cancelar",
  resume: (left) => `Reanudar, ${left === 1 ? "queda" : "quedan"} ${images(left)}`,
  retryFailed: (failed) => `Reintentar ${count(failed)} ${failed === 1 ? "fallida" : "fallidas"}`,
  retryFailedNote: (left) =>
    left === 0
      ? "Reintenta las imágenes fallidas que aún podrían salir bien"
      : `Reintenta las imágenes fallidas que aún podrían salir bien, y sigue con las ${images(left)} que faltan`,
  notWorthRetrying: "Otro intento acabaría igual, así que no se reintenta.",
  paidAgain:
    "No se reintenta, porque otra respuesta se cobra de nuevo. Para reintentarla, planifica una ejecución con «Ignorar las respuestas guardadas».",
  review: "Revisar las anotaciones",
  report: "Ver el informe",

  pendingElsewhere: ({ run, images: waiting, is_in_batch: inBatch }) =>
    `${images(waiting)} a la espera de ${waiting === 1 ? "la respuesta" : "las respuestas"} de ${inBatch ? "un lote de " : ""}la ejecución ${count(run)}, que las anota con el mismo modelo y receta`,
  pendingElsewhereBegan: "A la espera de las respuestas de otra ejecución",
  pendingElsewhereNote: "Cada imagen se paga una sola vez.",

  stoppingNote: "No se envían peticiones nuevas; las que están en curso terminan.",
  interruptedNote: (done) =>
    `Fieldmark se cerró durante esta ejecución. ${images(done)} ${done === 1 ? "está terminada y guardada" : "están terminadas y guardadas"}. Reanuda para anotar el resto.`,
  unsettledNote: ({ count: requests, at_most_dollars: atMost }) =>
    `Había ${count(requests)} ${requests === 1 ? "petición" : "peticiones"} en curso que quizá se hayan cobrado, hasta ${enoughMoney(atMost)}.`,
  stopped,
  stoppedWaiting: (left) =>
    `${images(left)} ${left === 1 ? "espera" : "esperan"}, sin coste. Las respuestas recibidas están guardadas.`,
  resumeHere: "Reanudar",
  resumeHint: "reanudar",
  budget: {
    reached: (budget, paid, maybe, each) =>
      [
        `Se ha alcanzado el tope de ${exactMoney(budget)}: ${moneyBeside(paid, each)} pagados, `,
        maybe === 0 ? "" : `hasta ${enoughMoney(maybe)} más quizá cobrados, `,
        "y la siguiente petición podría superarlo. Súbelo para seguir.",
      ].join(""),
    field: "Nuevo tope",
    proposed: ({ committed, left, rest, margin }, each) =>
      `${moneyBeside(committed, each)} hasta ahora, unos ${moneyBeside(rest, each)} por ${left === 1 ? "la otra" : `las otras ${count(left)}`} y ${moneyBeside(margin, each)} de margen.`,
    notHigher: (budget) => `El tope ya es de ${exactMoney(budget)}. Escribe más.`,
    raise: "Subir y reanudar",
    raiseFirst: (left) => `Subir el tope, ${left === 1 ? "queda" : "quedan"} ${images(left)}`,
  },
  unsettled: {
    title: (run) => `¿Reanudar la ejecución ${count(run)}?`,
    why: ({ count: requests, at_most_dollars: atMost }) =>
      requests === 1
        ? `Había 1 petición en curso cuando se cerró Fieldmark. Puede que se haya cobrado, hasta ${enoughMoney(atMost)}, y enviarla otra vez también puede cobrarse.`
        : `Había ${count(requests)} peticiones en curso cuando se cerró Fieldmark. Puede que se hayan cobrado, hasta ${enoughMoney(atMost)}, y enviarlas otra vez también puede cobrarse.`,
    whyGivenUp: ({ count: requests, at_most_dollars: atMost }) =>
      requests === 1
        ? `1 imagen se envió en un lote que el servidor no conoce. Quizá se haya cobrado, hasta ${enoughMoney(atMost)}, y enviarla otra vez también puede cobrarse.`
        : `${images(requests)} se enviaron en lotes que el servidor no conoce. Quizá se hayan cobrado, hasta ${enoughMoney(atMost)}, y enviarlas otra vez también puede cobrarse.`,
    giveUp: "Renunciar y enviar otra vez",
    askAgain: "Enviar otra vez y reanudar",
    notNow: "Ahora no",
  },
  raiseMonthlyCap: "Cambiar el tope mensual",
  pilot: {
    verdicts: {
      sound: (done) => `La prueba con ${images(done)} ha terminado.`,
      stopped: (done) => `La prueba se detuvo tras ${images(done)}.`,
      nothing_answered: () => "La prueba no dio ninguna respuesta útil.",
      dearer_than_quoted: (done) => `La prueba con ${images(done)} costó más del doble de lo esperado.`,
    },
    cost: ({ cost_dollars: cost, expected_dollars: expected }) =>
      `Costó ${moneyBeside(cost, expected)}; se esperaban ${moneyBeside(expected, expected)}.`,
    rest: (left, cost, mode) =>
      `Las otras ${images(left)}${mode === "batch" ? ", en lotes" : ""}: probable ${likelyMoney(cost)}, nunca más de ${enoughMoney(cost.at_most)}.`,
    review: (done) => (done === 1 ? "Revisar esta imagen" : `Revisar estas ${images(done)}`),
    goOn: (left) => `Continuar con las otras ${images(left)}`,
  },
  details: (detail) => `Detalles: ${detail}`,
  openSettings: "Abrir Ajustes",
  hold: ({ kind, left_millis }, host) => {
    const next = kind === "rate_limited" ? "se vuelve a enviar" : "se vuelve a intentar";
    const seconds = Math.ceil(left_millis / 1000);
    return `${holds[kind](host)}: ${next} ${seconds === 0 ? "ahora" : `en ${duration(seconds * 1000)}`}`;
  },
  holdBegan: ({ kind }, host) => `${holds[kind](host)}.`,
  stoppedNote: (done) =>
    `${done === 1 ? "Está guardada" : "Están guardadas"} ${images(done)}. El resto aún se puede reanudar.`,

  progress: "Avance de la ejecución",
  progressText: (done, failed, total) =>
    `${count(done + failed)} de ${count(total)} hechas${failed === 0 ? "" : `, ${count(failed)} ${failed === 1 ? "fallida" : "fallidas"}`}`,
  ofDone: (total) => `de ${count(total)} hechas`,
  annotated: (done) => `${count(done)} ${done === 1 ? "anotada" : "anotadas"}`,
  failed: (failed) => `${count(failed)} ${failed === 1 ? "fallida" : "fallidas"}`,
  inFlight: (number) => `${count(number)} en curso`,
  waiting: (number) => `${count(number)} en espera`,
  reused: (answers) =>
    `${count(answers)} ${answers === 1 ? "respuesta reutilizada" : "respuestas reutilizadas"}, sin coste`,
  propagated: (number) => `${count(number)} ${number === 1 ? "propagada" : "propagadas"} de imágenes parecidas`,
  started: (at, elapsed) => `iniciada el ${moment(at)}, activa ${duration(elapsed)}`,

  timeLeft: "Tiempo restante",
  timeLeftUnknown: "Midiendo",
  estimatedEnd: (at) => `acaba hacia las ${clock(at)}`,
  afterFirst: "tras la primera imagen",
  stalled: "a la espera de que termine alguna imagen",
  elapsed: "Tiempo",
  elapsedNote: "sin contar pausas",
  rate: "Ritmo",
  perMinute: (rate) => `${decimal(rate, rate < 10 ? 1 : 0)} / min`,
  rateNote: (window) => `últimos ${duration(window)}`,
  rateWhole: "en toda la ejecución",
  timePerImage: "Tiempo por imagen",
  timePerImageNote: (p95) => `P50, ${duration(p95)} en P95`,
  annotations: "Anotaciones",
  annotationsPerImage: (each) => `${decimal(each)} por imagen`,
  cost: "Coste",
  get free() {
    return here("en este equipo", "en el servidor");
  },
  spent: "gastado hasta ahora",
  paid: "pagado",
  money,
  duration,
  wholeMinutes: (milliseconds) =>
    milliseconds < 60_000 ? "menos de 1 min" : duration(Math.floor(milliseconds / 60_000) * 60_000),
  none: "–",
  costProjected: (heading) => `proyección ${money(heading)}`,
  costSpent: (spent, each) => `${each === null ? money(spent) : moneyBeside(spent, each)} gastados`,
  costPaid: (spent, each) => `${each === null ? money(spent) : moneyBeside(spent, each)} pagados`,
  costQuote: (expected) => `presupuesto ${money(expected)}`,
  costHigh: (high) => `nunca más de ${enoughMoney(high)}`,
  costCap: (budget) => `tope ${exactMoney(budget)}`,
  costBeyond: ({ kind, cost }) =>
    `${kind === "cap" ? `tope ${exactMoney(cost)}` : `máximo ${enoughMoney(cost)}`}, fuera de esta escala`,
  costReserved: (reserved, inFlight) => `${money(reserved)} reservados para ${count(inFlight)} en curso`,
  costText: (spent, expected, high, budget) =>
    `${money(spent)} gastados, estimado ${money(expected)}, nunca más de ${enoughMoney(high)}${budget === null ? "" : `, tope de gasto ${exactMoney(budget)}`}`,
  againstQuote: (share) =>
    Math.abs(share - 1) < 0.0005
      ? "como el presupuesto"
      : `${decimal(Math.abs(share - 1) * 100)} % ${share < 1 ? "por debajo" : "por encima"} del presupuesto`,
  maybeBilled: ({ count: requests, at_most_dollars: atMost }) =>
    `${count(requests)} ${requests === 1 ? "petición sin respuesta puede" : "peticiones sin respuesta pueden"} cobrarse también, ${enoughMoney(atMost)} como mucho`,

  reusedTile: "reutilizada",
  chart: "Imágenes por minuto",
  chartNow: (rate) => `${count(Math.round(rate))} ahora`,
  chartAverage: (rate) => `${count(Math.round(rate))} de media`,
  chartText: (rate, most, worked, isWorking) =>
    `Imágenes por minuto durante ${duration(worked)}: ${count(Math.round(rate))} ${isWorking ? "ahora" : "de media"}, máximo ${count(Math.round(most))}.`,
  chartSoon: "Se muestra tras unos segundos.",
  chartNever: "La ejecución fue demasiado breve para un gráfico.",

  pictures: "Imágenes en curso y recién respondidas",
  inFlightTitle: "En curso",
  inFlightNote: (number, isElsewhere) =>
    isElsewhere ? `${count(number)}, con las anotaciones según llegan` : count(number),
  longestFirst: (more) => (more === 0 ? "primero las más largas" : `primero las más largas, +${count(more)} más`),
  inFlightAnnotations: (number) => (number === 0 ? "analizando" : annotations(number)),
  recentAnswers: "Recién respondidas",
  lastAnswered: "Últimas respondidas",
  newestFirst: "primero las nuevas",
  tileAnnotations: annotations,
  tile: (name, number) => `${name}, ${annotations(number)}`,
  pace: {
    title: "Ritmo",
    concurrency: (number, from) =>
      `concurrencia ${count(number)}${from === null ? "" : from === "set" ? ", fijada" : ", automática"}`,
    limit: (perMinute, endpoints) =>
      perMinute === null
        ? "Aún no se conoce ningún límite."
        : `${endpoints > 1 ? "Límite más estricto" : "Límite"}: ${count(perMinute)} peticiones por minuto`,
    inFlightOf: (underWay, atOnce) => `${count(underWay)} de ${count(atOnce)}`,
    endpointLimit: (perMinute) => (perMinute === null ? "" : `${count(perMinute)} / min`),
    closed: "No se usa",
    prepared: (number) => `${count(number)} ${number === 1 ? "preparada" : "preparadas"} por adelantado`,
  },
  batch: {
    since: "Desde el inicio",
    within: "en 24 horas",
    batches: "Lotes",
    ofBatches: (ended, sent) => `${count(ended)} de ${count(sent)}`,
    batchesNote: "terminados",
    withVendor: "Con el proveedor",
    withVendorNote: "imágenes sin terminar",
    oldestFirst: "primero los antiguos",
    columns: {
      images: "Imágenes",
      stage: "Fase",
      finished: "Terminadas",
      share: "Parte terminada",
      submitted: "Enviado",
      until: "Caduca",
    },
    stages,
    finishedOf: (finished, total) => `${count(finished)} de ${count(total)}`,
    finishedText: (batch, finished, total) => `Lote ${count(batch)}: ${count(finished)} de ${images(total)} terminadas`,
    untilUnknown: "aún no se sabe",
    noneYet: "Se están preparando las imágenes. El primer lote se envía cuando haya suficientes listas.",
    none: "No hay ningún lote en curso.",
    unknownNote:
      "El servidor no conoce un lote: no se envía nada más hasta que reanudes la ejecución o renuncies al lote.",
    unconfirmedNote: "Enviado, pero sin confirmar. Fieldmark consulta al servidor antes de enviar nada otra vez.",
    interrupted:
      "Fieldmark se cerró mientras el proveedor tenía imágenes de esta ejecución. Reanuda para recoger lo que esté listo; nada se envía dos veces.",
    get mayBeClosed() {
      return here(
        "Puedes cerrar la ventana: el proveedor sigue trabajando, y los resultados se recogen cuando la abras de nuevo.",
        "Puedes cerrar esta página y parar el servidor: el proveedor sigue trabajando, y los resultados se recogen cuando vuelva a funcionar.",
      );
    },
  },
  inFlightTile: (name) => `${name}, en curso`,

  issues: "Pendiente de ti",
  issueCount: (things) => (things === 0 ? "Nada" : `${count(things)} ${things === 1 ? "asunto" : "asuntos"}`),
  noFailures: "No ha fallado ninguna imagen.",
  endpointFails: (name, problem) => `${name}: ${endpointProblems[problem]}`,
  endpointAgain: (millis) =>
    millis === null
      ? "No se le envían peticiones."
      : `Sus imágenes pasan a los otros endpoints. Se vuelve a probar ${millis < 1000 ? "ahora" : `en ${duration(Math.ceil(millis / 1000) * 1000)}`}.`,
  endpointProblems,
  giveUpBatches: (number) => `Renunciar a ${count(number)} en lotes perdidos`,
  hookFailed: "Ha fallado una orden propia",
  hookNotRun: "Una orden propia no se ejecutó",
  openHookSettings: "Abrir los ajustes de órdenes",
  cutShort: "Respuestas cortadas",
  cutShortNote: "Llegaron al límite de salida. Se guardó cada anotación completa; puede haber más por encontrar.",
  retried: "Reintentos automáticos",
  retriedNote: (number) => `${count(number)}, no requiere nada`,
  retries,
  failures,
  failureExample: (image, message) => `${image}: ${message}`,
  failureOnly: (image, others) =>
    others === 0 ? image : `${image} y ${count(others)} ${others === 1 ? "otra" : "otras"}`,
  get leaveNote() {
    return here(
      "Puedes dejar esta pantalla o cerrar la ventana: cada respuesta se guarda según llega, y la ejecución se puede reanudar.",
      "Puedes cerrar esta página: la ejecución sigue en el servidor, y cada respuesta se guarda según llega.",
    );
  },

  emptyTitle: "Aún no hay ejecuciones",
  emptyNote: "Planifica una ejecución para ver antes su tiempo y su coste. El avance se muestra aquí.",
  toPlan: "Planificar una ejecución",
  toLibrary: "Ir a la biblioteca",

  charts: {
    rate: "Ritmo",
    concurrency: "Concurrencia",
    at: duration,
    costTitle: "Coste y presupuesto",
    costAxis: "por imágenes terminadas",
    costText: (total) => `Coste de hasta ${images(total)} frente al intervalo probable`,
    cost: "Coste",
    latest: "Último coste",
    quoted: "Estimado",
    low: "Probable, mínimo",
    high: "Probable, máximo",
    range: (expected, low, high) => `${money(expected)} (probable ${money(low)}–${money(high)})`,
    cap: "Tope",
    images,
    latencyText: "Mediana y percentil 95 del tiempo por imagen",
  },
};
