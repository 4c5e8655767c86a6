import type { OutputLimit, Change, Finding, LimitUnit, MetLimit } from "../../api/bindings";
import type { diagnoses as english, Message } from "../en/diagnoses";
import { count, decimal, duration, money, percent } from "../format";
import type { Translation } from "../translation";
import { models } from "./models";
import { run } from "./run";
import { here } from "../place.svelte";

const images = (number: number): string => `${count(number)} ${number === 1 ? "imagen" : "imágenes"}`;
const requests = (number: number): string => `${count(number)} ${number === 1 ? "petición" : "peticiones"}`;
const tokens = (number: number): string => `${count(number)} ${number === 1 ? "token" : "tokens"}`;

const refused = (refusals: number, overloads: number): string => {
  const parts = [
    ...(refusals === 0 ? [] : [`${requests(refusals)} ${refusals === 1 ? "rechazada" : "rechazadas"}`]),
    ...(overloads === 0 ? [] : [`${requests(overloads)} con el servidor saturado (529)`]),
  ];
  return parts.length === 0 ? "" : `; ${parts.join(", ")}`;
};

const imagesPerSecond = (rate: number): string => {
  const shown = decimal(rate);
  return `${shown} ${shown === "1" ? "imagen" : "imágenes"} por segundo`;
};

const units: Record<LimitUnit, (limit: number) => string> = {
  requests_per_minute: (limit) => `${requests(limit)} por minuto`,
  tokens_per_minute: (limit) => `${tokens(limit)} por minuto`,
  concurrency: (limit) => `${requests(limit)} en paralelo`,
};

const met = (limit: MetLimit | null, before: string): string =>
  limit === null ? "" : `${before}${units[limit.unit](limit.count)}`;

const room = (given: OutputLimit): string => {
  switch (given.kind) {
    case "more":
      return " incluso con un límite más alto";
    case "own_maximum":
      return ` en el máximo que permites, ${tokens(given.tokens)}`;
    case "usual":
      return "";
  }
};

function finding(found: Finding): Message {
  switch (found.kind) {
    case "rate_limited":
      return {
        title: "Frenada por el límite de peticiones del servidor",
        note: `Durante ${duration(found.held_millis)}, el ${percent(found.share)} del tiempo${met(found.limit, ", en torno a ")}${refused(found.refusals, found.overloads)}.`,
      };
    case "retries_high":
      return {
        title: "Hubo muchos reintentos",
        note: `${count(found.repeated)} ${found.repeated === 1 ? "reintento" : "reintentos"} para ${images(found.asked)}: ${found.by_kind.map((group) => `${run.retries[group.kind]} (${count(group.count)})`).join(", ")}.`,
      };
    case "server_away":
      return {
        title: "El servidor no estaba disponible",
        note: `No pudo responder durante ${duration(found.away_millis)}, el ${percent(found.share)} del tiempo.`,
      };
    case "mostly_one_failure":
      return {
        title: "Muchas imágenes fallaron por un mismo motivo",
        note: `${run.failures[found.failure].title}: ${count(found.count)} de ${count(found.failed)} ${found.failed === 1 ? "fallida" : "fallidas"}, de ${images(found.finished)}.`,
      };
    case "coordinates_suspected": {
      const { asked_for, suspected, images: of, boxes } = found.coordinates;
      const all =
        boxes === 1
          ? `La única anotación, en ${images(of)}, está`
          : `Las ${count(boxes)} anotaciones en ${images(of)} están`;
      return {
        title: "Puede que las coordenadas sean erróneas",
        note:
          suspected === "pixel_xyxy"
            ? `${all} donde estarían los píxeles de estas imágenes. Al modelo se le pidió: ${models.systems[asked_for]}.`
            : `${all} en los primeros 1000 píxeles de imágenes mayores, como las coordenadas de 0 a 1000. Al modelo se le pidió: ${models.systems[asked_for]}.`,
      };
    }
    case "answers_cut_short":
      return {
        title: "Hubo respuestas cortadas",
        note: `${count(found.count)} ${found.count === 1 ? "respuesta" : "respuestas"}${room(found.room)}, el ${percent(found.share)} de las imágenes.`,
      };
    case "slowed_by_own_limit":
      return {
        title: "Frenada por un límite que has puesto",
        note: `Durante el ${percent(found.share)} del tiempo${met(found.limit, ": ")}.`,
      };
    case "slowed_by_pause":
      return {
        title: "Frenada por la pausa entre peticiones",
        note: `La pausa de ${duration(found.pause_millis)} tras cada respuesta ocupó el ${percent(found.share)} del tiempo.`,
      };
    case "slowed_by_concurrency":
      return {
        title: "Una concurrencia mayor sería más rápida",
        note: `Tu concurrencia de ${count(found.concurrency)} se usó por completo durante el ${percent(found.share)} del tiempo: ${imagesPerSecond(found.images_per_second)}${found.possible === null ? "" : `, y el límite del servidor permite ${decimal(found.possible)}`}.`,
      };
    case "slowed_by_preparing":
      return {
        title: "La preparación de imágenes fue el cuello de botella",
        note: `El ${percent(found.share)} de las peticiones posibles no tenía ninguna imagen lista, a ${imagesPerSecond(found.images_per_second)}.`,
      };
    case "cost_by_output":
      return {
        title: "La mayor parte del coste fue de las respuestas",
        note: `El ${percent(found.share)} de ${money(found.paid_dollars)}: ${tokens(found.answer_tokens)} por respuesta${found.thinking_share > 0 ? `, el ${percent(found.thinking_share)} de razonamiento` : ""}.`,
      };
    case "cost_by_images":
      return {
        title: "La mayor parte del coste fue de las imágenes",
        note: `El ${percent(found.share)} de ${money(found.paid_dollars)}: ${tokens(found.image_tokens)} por imagen, de hasta ${count(found.longest_edge)} px.`,
      };
  }
}

function change(advised: Change): string {
  switch (advised.kind) {
    case "lower_concurrency":
      return `Pon la concurrencia en ${count(advised.to)}`;
    case "raise_concurrency":
      return advised.to === null
        ? "Pon la concurrencia en automática"
        : `Pon la concurrencia en ${count(advised.to)} o en automática`;
    case "limit_requests":
      return `Pon un límite de ${requests(advised.per_minute)} por minuto: igual de rápido y sin rechazos`;
    case "raise_own_limit":
      return "Sube ese límite en los ajustes o déjalo vacío: el del servidor se detecta automáticamente";
    case "no_pause":
      return "Quita la pausa: los límites del servidor se detectan automáticamente";
    case "longer_idle_timeout":
      return `Sube en los ajustes el tiempo de inactividad a ${duration(advised.to_millis)} para esperar las respuestas lentas`;
    case "shorter_idle_timeout":
      return `Baja en los ajustes el tiempo de inactividad a ${duration(advised.to_millis)} para reintentar antes las peticiones perdidas`;
    case "raise_max_tokens":
      return advised.than === null
        ? "Pon un máximo de tokens de salida mayor que el del modelo, para que quepa la primera respuesta"
        : `Repítela con un máximo de más de ${tokens(advised.than)} de salida: solo se cobran de nuevo las respuestas cortadas`;
    case "add_endpoint":
      return "Pide al proveedor un límite más alto o añade otro endpoint";
    case "use_batch":
      return `Ejecútalo por lotes: unos ${money(advised.cost_dollars)}, con límites aparte`;
    case "run_live":
      return "Ejecuta estas imágenes en directo: las respuestas llegan en segundos";
    case "cheaper_model":
      return `Prueba ${advised.name} con unas pocas imágenes: los mismos tokens costarían unos ${money(advised.cost_dollars)} (estimación)`;
    case "other_model":
      return "Prueba otro modelo";
    case "calibrate":
      return "Averigua en qué coordenadas responde el modelo: calíbralo";
    case "add_labels":
      return "Añade a la receta las etiquetas que usa el modelo, como etiquetas o sinónimos";
    case "smaller_recipe":
      return "Pide menos etiquetas o atributos, o acorta las instrucciones";
    case "smaller_photos":
      return "Usa copias más pequeñas de las fotos";
    case "check_photos":
      return "Comprueba que las fotos sigan en su sitio y se abran";
    case "check_network":
      return "Revisa la red: wifi, proxy, VPN";
    case "check_server":
      return `Comprueba que el servidor de ${here("este equipo", "modelos, junto al de Fieldmark,")} funcione y lee su registro`;
  }
}

export const diagnoses: Translation<typeof english> = { title: "Qué cambiar", finding, change };
