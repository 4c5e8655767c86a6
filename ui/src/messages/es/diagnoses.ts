import type { AnswerRoom, Change, Finding, LimitUnit, MetLimit } from "../../ipc/bindings";
import type { diagnoses as english, Said } from "../en/diagnoses";
import { count, decimal, duration, money, percent } from "../format";
import type { Words } from "../words";
import { run } from "./run";

const images = (number: number): string => `${count(number)} ${number === 1 ? "imagen" : "imágenes"}`;
const requests = (number: number): string => `${count(number)} ${number === 1 ? "petición" : "peticiones"}`;
const tokens = (number: number): string => `${count(number)} ${number === 1 ? "token" : "tokens"}`;

const refused = (number: number): string =>
  number === 0 ? "sin peticiones rechazadas" : `${requests(number)} ${number === 1 ? "rechazada" : "rechazadas"}`;

const imagesPerSecond = (rate: number): string => {
  const said = decimal(rate);
  return `${said} ${said === "1" ? "imagen" : "imágenes"} por segundo`;
};

const units: Record<LimitUnit, (limit: number) => string> = {
  requests_per_minute: (limit) => `${requests(limit)} por minuto`,
  tokens_per_minute: (limit) => `${tokens(limit)} por minuto`,
  at_once: (limit) => `${requests(limit)} a la vez`,
};

const met = (limit: MetLimit | null, before: string): string =>
  limit === null ? "" : `${before}${units[limit.unit](limit.count)}`;

const room = (given: AnswerRoom): string => {
  switch (given.kind) {
    case "more":
      return " incluso con más espacio";
    case "own_maximum":
      return ` en el máximo que permites, ${tokens(given.tokens)}`;
    case "usual":
      return "";
  }
};

function finding(found: Finding): Said {
  switch (found.kind) {
    case "rate_limited":
      return {
        title: "Frenada por los límites del servidor",
        note: `Durante ${duration(found.held_millis)}, el ${percent(found.share)} del tiempo${met(found.limit, ", en torno a ")}; ${refused(found.refusals)}.`,
      };
    case "retries_high":
      return {
        title: "Muchas peticiones se repitieron",
        note: `${decimal(found.rate * 100, 0)} por cada 100 imágenes: ${found.by_kind.map((group) => `${run.retries[group.kind]} (${count(group.count)})`).join(", ")}.`,
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
    case "answers_cut_short":
      return {
        title: "Hubo respuestas cortadas",
        note: `${count(found.count)} ${found.count === 1 ? "respuesta" : "respuestas"}${room(found.room)}, el ${percent(found.share)} de las imágenes.`,
      };
    case "slowed_by_own_limit":
      return {
        title: "Frenada por tu propio límite",
        note: `Durante el ${percent(found.share)} del tiempo${met(found.limit, ": ")}.`,
      };
    case "slowed_by_pause":
      return {
        title: "Frenada por la pausa",
        note: `Cada imagen en curso esperó ${duration(found.pause_millis)} tras una respuesta: el ${percent(found.share)} del tiempo.`,
      };
    case "slowed_by_concurrency":
      return {
        title: "Con más a la vez iría más rápido",
        note: `${found.at_once === 1 ? "La única que permites a la vez estuvo" : `Las ${count(found.at_once)} que permites a la vez estuvieron`} en curso durante el ${percent(found.share)} del tiempo: ${imagesPerSecond(found.images_per_second)}${found.possible === null ? "" : `, cuando el límite del servidor permite ${decimal(found.possible)}`}.`,
      };
    case "slowed_by_preparing":
      return {
        title: "El servidor esperó a este equipo",
        note: `Preparación: ${imagesPerSecond(found.images_per_second)}; el servidor podría haber respondido a ${decimal(found.possible)}.`,
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
    case "fewer_at_once":
      return `Permite ${count(advised.to)} a la vez`;
    case "more_at_once":
      return advised.to === null
        ? "Deja libre el número a la vez: se ajusta solo"
        : `Permite ${count(advised.to)} a la vez o deja libre el número`;
    case "limit_requests":
      return `Pon un límite de ${requests(advised.per_minute)} por minuto: igual de rápido y sin rechazos`;
    case "raise_own_limit":
      return "Sube ese límite en los ajustes o déjalo vacío: el del servidor se detecta solo";
    case "no_pause":
      return "Quita la pausa: los límites del servidor se detectan sin ella";
    case "longer_silence":
      return `Sube en los ajustes la espera máxima sin datos a ${duration(advised.to_millis)}: así llega lo que tarda`;
    case "shorter_silence":
      return `Baja en los ajustes la espera máxima sin datos a ${duration(advised.to_millis)}: lo que se pierde se vuelve a pedir antes`;
    case "more_room":
      return advised.than === null
        ? "Fija una respuesta más larga que la habitual del modelo: espacio desde el principio"
        : `Permite respuestas de más de ${tokens(advised.than)} o deja abierta la respuesta más larga`;
    case "more_routes":
      return "Consigue un límite más alto del proveedor o añade otra ruta: solo eso es más rápido";
    case "ask_overnight":
      return `Pregunta de noche: unos ${money(advised.cost_dollars)}, con límites propios`;
    case "cheaper_model":
      return `Prueba ${advised.name} con unas pocas imágenes: los mismos tokens costarían unos ${money(advised.cost_dollars)} (estimación)`;
    case "other_model":
      return "Prueba otro modelo";
    case "ask_for_less":
      return "Pide menos etiquetas o atributos, o con menos palabras";
    case "smaller_photos":
      return "Usa copias más pequeñas de las fotos";
    case "check_photos":
      return "Comprueba que las fotos sigan en su sitio y se abran";
    case "check_network":
      return "Revisa la red: wifi, proxy, VPN";
  }
}

export const diagnoses: Words<typeof english> = { title: "Qué cambiar", finding, change };
