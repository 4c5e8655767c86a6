import type { PriceField } from "../../api/bindings";
import type { models as english } from "../en/models";
import { count, date, decimal, enoughMoney, exactMoney, money, names } from "../format";
import { here } from "../place.svelte";
import type { Translation } from "../translation";
import { visible } from "../visible";

const value = (field: PriceField, amount: number | null): string => {
  if (amount === null) return "";
  switch (field) {
    case "batch_percent":
      return `${count(amount)} %`;
    case "context_tokens":
    case "max_output_tokens":
      return `${count(amount)} tokens`;
    default:
      return exactMoney(amount);
  }
};

export const models: Translation<typeof english> = {
  title: "Modelos y precios",
  search: "Buscar modelos",
  columns: {
    name: "Modelo",
    provider: "Proveedor",
    input: "Entrada",
    output: "Salida",
    cache_read: "Lectura de caché",
    cache_write: "Escritura en caché",
    batch: "Lote",
    since: "Desde",
    source: "Origen",
    retires: "Retirada",
  },
  none: "no hay",
  percent: (percent) => `${count(percent)} %`,
  builtIn: "incluido",
  cacheWrite: (model) =>
    `Escritura en caché: ${exactMoney(model.cache_write_5m_dollars_per_million)} por cinco minutos, ${exactMoney(model.cache_write_1h_dollars_per_million)} por una hora`,
  old: "Este precio es antiguo",
  successor: (successor) => `Usa ${successor}`,
  edit: "Editar",
  editOf: (model) => `Editar ${model}`,
  noneFound: "Ningún modelo coincide.",
  note: (day) =>
    `Dólares por millón de tokens; los precios incluidos se leyeron el ${date(day)} o después. Un lote cuesta este porcentaje de una petición directa.`,
  perMillion: "Dólares por millón de tokens. Lo que guardes sustituye al precio incluido y lleva la fecha de hoy.",
  fields: {
    input: "Entrada",
    output: "Salida",
    cache_read: "Lectura de caché",
    cache_write_5m: "Escritura en caché, 5 min",
    cache_write_1h: "Escritura en caché, 1 hora",
    batch_percent: "Lote (%)",
    context_tokens: "Contexto (tokens)",
    max_output_tokens: "Respuesta más larga (tokens)",
  },
  wrongPrice: "Escribe un importe como 0,25, con seis decimales como máximo.",
  wrongCount: {
    batch_percent: "Escribe un número entero de 1 a 100.",
    context_tokens: "Escribe un número entero mayor que 0.",
    max_output_tokens: "Escribe un número entero mayor que 0.",
  },
  coordinates: "Coordenadas",
  systems: {
    pixel_xyxy: "Píxeles: x1, y1, x2, y2",
    server_pixel_xyxy: "Píxeles tras el ajuste del servidor",
    norm1000_xyxy: "De 0 a 1000: x1, y1, x2, y2",
    norm1000_yxyx: "De 0 a 1000: y1, x1, y2, x2",
    norm1_xyxy: "De 0 a 1: x1, y1, x2, y2",
    norm1_xywh: "De 0 a 1: x, y, ancho, alto",
  },
  systemNotes: {
    pixel_xyxy: "Esquinas en píxeles de la imagen tal como se envía.",
    server_pixel_xyxy: "Esquinas en píxeles después de que el servidor redondee los lados a múltiplos de 28.",
    norm1000_xyxy: "Esquinas en milésimas de los lados, desde la izquierda y desde arriba.",
    norm1000_yxyx: "Esquinas en milésimas de los lados, cada una primero desde arriba y luego desde la izquierda.",
    norm1_xyxy: "Esquinas en fracciones de los lados.",
    norm1_xywh: "La esquina superior izquierda y la extensión, en fracciones de los lados.",
  },
  reset: "Usar los valores incluidos",
  resetAll: "Restablecer todos",
  resetAllTitle: "¿Volver a usar los precios incluidos?",
  resetAllNote: (models) => `Se quitan tus precios y límites de estos modelos: ${names(models, 8)}.`,
  import: "Importar precios…",
  importTitle: (table) => `Importar precios de ${table}`,
  importNote: "Todavía no se ha cambiado nada. Los modelos elegidos tendrán estos valores.",
  nothingToImport: "Ningún precio ni límite de este archivo es distinto de los que se usan.",
  changes: "Cambios",
  changed: {
    input: "Entrada",
    output: "Salida",
    cache_write5m: "Escritura en caché, 5 min",
    cache_write1h: "Escritura en caché, 1 hora",
    cache_read: "Lectura de caché",
    batch_percent: "Lote",
    context_tokens: "Contexto",
    max_output_tokens: "Respuesta más larga",
  },
  change: ({ field, before, after }) => `${value(field, before)} → ${value(field, after)}`,
  skipped: "No se pueden importar",
  rest: (unchanged, unknown) =>
    `${count(unchanged)} ${unchanged === 1 ? "modelo es igual" : "modelos son iguales"} en el archivo. Se ignoran ${count(unknown)} entradas sobre otros modelos.`,
  own: {
    title: "Modelos de este servidor",
    longestEdge: "Lado más largo",
    price: "Precio",
    pixels: (pixels) => `${count(pixels)} px`,
    priceOf: (model) => {
      const [input, output] = [model?.input_dollars_per_million ?? null, model?.output_dollars_per_million ?? null];
      return input === null || output === null
        ? "desconocido"
        : `${exactMoney(input)} entrada, ${exactMoney(output)} salida`;
    },
    described: "Editado",
    noImages: "Sin imágenes: no se ofrece",
    refresh: "Actualizar la lista del servidor",
    add: "Añadir un modelo",
    neverListed: "Aún no se han pedido los modelos al servidor.",
    listed: (models, moment) => `${models} en la lista del servidor, ${moment}`,
    addTitle: "Añadir un modelo",
    editTitle: "Describir el modelo",
    id: "Modelo",
    idNote: "Como lo llama el servidor.",
    wrongId: "Escribe un nombre que aún no esté en la lista.",
    name: "Nombre",
    images: "Mira imágenes",
    imagesNote: "Un modelo que no las mira no se ofrece.",
    byName: "Según el nombre del modelo",
    byNameNote: "Depende de la familia a la que pertenece el nombre del modelo.",
    automatic: "Automático",
    form: "Respuestas en JSON",
    formNote: "Automático: la forma más estricta que el servidor no rechace.",
    forms: {
      json_schema: "Con esquema JSON",
      json_object: "Como objeto JSON",
      prompt: "Solo en el prompt",
    },
    sizes: {
      longest_edge: "Lado más largo (píxeles)",
      context_tokens: "Contexto (tokens)",
      max_output_tokens: "Respuesta más larga (tokens)",
    },
    wrongSize: "Escribe un número entero mayor que 0, o nada.",
    prices: {
      input_dollars_per_million: "Entrada ($ por millón)",
      output_dollars_per_million: "Salida ($ por millón)",
    },
    unknownPrice: "Desconocido",
    priceNote: "Sin los dos precios no se calcula nada, y una ejecución no admite presupuesto.",
    wrongPrice: "Escribe los dos precios, como 0,25 con seis decimales como máximo, o ninguno.",
    remove: "Quitar",
  },
  calibration: {
    action: "Calibrar…",
    actionOf: (model) => `Calibrar ${model}`,
    calibrate: "Calibrar este modelo",
    title: (model) => `Calibrar ${model}`,
    what: (pictures, host) =>
      `Se envían ${count(pictures)} dibujos con figuras conocidas a ${host}, cada uno una vez. No se envía ninguna de tus fotos.`,
    why: "Los recuadros de las respuestas se comparan con las figuras en cada sistema de coordenadas, para que los recuadros caigan en su sitio.",
    cost: "Coste",
    costOf: ({ likely_dollars, at_most_dollars }) =>
      likely_dollars === null || at_most_dollars === null
        ? "Desconocido: el modelo no tiene precio"
        : `Unos ${money(likely_dollars)}, nunca más de ${enoughMoney(at_most_dollars)}`,
    running: "El modelo está mirando los dibujos",
    send: (pictures, { at_most_dollars }) =>
      at_most_dollars === null
        ? `Enviar ${pictures} dibujos`
        : `Enviar ${pictures} dibujos, como mucho ${enoughMoney(at_most_dollars)}`,
    errors: "Errores por sistema de coordenadas",
    error: "Error medio",
    errorNote: "Distancia media de una esquina, en porcentaje del lado",
    overlap: "Solapamiento",
    overlapNote: "Media de la intersección sobre la unión de los recuadros y las figuras",
    percent: (percent) => `${decimal(percent)} %`,
    iou: (iou) => decimal(iou, 2),
    inUse: "En uso",
    best: "El mejor",
    verdict: ({ verdict, coordinates }, name) => {
      switch (verdict.kind) {
        case "clear":
          return verdict.system === coordinates
            ? "Las coordenadas en uso son las correctas para este modelo."
            : `Este modelo responde en: ${name(verdict.system)}. Se le pregunta en: ${name(coordinates)}.`;
        case "unclear":
          return "No está claro: ningún sistema de coordenadas es claramente el mejor. Puede que el modelo coloque mal los recuadros.";
        case "too_few":
          return "No está claro: se encontraron muy pocas figuras.";
        case "not_measured":
          return `Sin medir: ${visible(verdict.reason)}`;
      }
    },
    applied: (system) => `Desde ahora se pregunta al modelo en: ${system}.`,
    apply: "Usar el mejor",
    picture: (number, { width, height }) => `Dibujo ${count(number)}, ${count(width)} × ${count(height)}`,
    found: (answered, shapes) => `${count(answered)} de ${count(shapes)} figuras`,
    paid: ({ paid_dollars, possibly_billed }) => {
      const paid = paid_dollars === null ? "El modelo no tiene precio." : `Pagado: ${money(paid_dollars)}.`;
      return possibly_billed === 0
        ? paid
        : `${paid} Puede que también se hayan cobrado ${count(possibly_billed)} sin uso declarado.`;
    },
  },
  local: {
    get title() {
      return here("En marcha en este equipo", "En marcha en el servidor");
    },
    runs: (name, models) =>
      `${name} está en marcha ${here("aquí", "en el servidor")} con ${models === 1 ? "1 modelo" : `${count(models)} modelos`}`,
    use: "Usar",
    useOf: (name) => `Usar ${name}`,
  },
  importModels: (models) => (models === 1 ? "Importar 1 modelo" : `Importar ${count(models)} modelos`),
};
