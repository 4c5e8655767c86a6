import type { KeyPlace } from "../../api/bindings";
import type { frame as english } from "../en/frame";
import { count, exactMoney, money } from "../format";
import type { Translation } from "../translation";
import { here } from "../place.svelte";

const keyPlaces: Record<KeyPlace, string> = {
  keychain: "Clave en el llavero del sistema",
  get session() {
    return here("Clave en memoria, hasta cerrar Fieldmark", "Clave en memoria, hasta que pare el servidor");
  },
  variable: "Clave del entorno",
  dot_env: "Clave del archivo .env",
  command_line: "Clave de la línea de comandos",
};

export const frame: Translation<typeof english> = {
  product: "Fieldmark",
  screensLabel: "Pantallas",
  allImages: "Todas las imágenes",
  shortcuts: "Atajos de teclado",
  settings: "Ajustes",
  close: "Cerrar",
  saveChart: (title) => `Guardar gráfico: ${title}`,
  chartAs: { svg: "Guardar como SVG", png: "Guardar como PNG" },
  chartSaved: (path) => `Gráfico guardado en ${path}`,
  dismiss: "Descartar",
  openingLibrary: "Abriendo la biblioteca",
  loading: "Cargando",
  offline: "Sin red: los modelos de este equipo siguen funcionando",
  libraryUnreadable: "No se pudo leer la biblioteca",
  libraryUnreadableNote:
    "No se ha cambiado nada en ella. Puede que su carpeta esté en un disco no conectado o que la use otro programa.",
  tryAgain: "Reintentar",
  privacy: (privacy, key) => {
    if (privacy === "locked") return here("Bloqueado en este equipo", "Bloqueado en el servidor");
    if (privacy === "nothing_set_up") return here("Nada sale de este equipo", "Nada sale del servidor");
    return key === null ? "" : `${keyPlaces[key]}, sin metadatos`;
  },
  sendingTo: (host) => `A ${host}`,
  month: (spent, cap) => (cap === null ? `Este mes ${money(spent)}` : `Este mes ${money(spent)} de ${exactMoney(cap)}`),
  allKeys: "todas las teclas",
  imagesInLibrary: (images) =>
    images === 0 ? "Aún no hay imágenes" : `${count(images)} ${images === 1 ? "imagen" : "imágenes"}`,
  selectedOf: (selected, images) =>
    `${count(selected)} ${selected === 1 ? "seleccionada" : "seleccionadas"} de ${count(images)}`,
  inAllLayers: "en todas las capas",
  reviewedOf: (reviewed, images) =>
    `${count(reviewed)} de ${count(images)} ${reviewed === 1 ? "revisada" : "revisadas"}`,
  imported: (added, known, skipped, leftovers) =>
    [
      added === 0 ? "Ninguna imagen nueva" : `${count(added)} ${added === 1 ? "imagen añadida" : "imágenes añadidas"}`,
      known === 0 ? "" : `${count(known)} ya en la biblioteca`,
      skipped === 0 ? "" : `${count(skipped)} ${skipped === 1 ? "archivo omitido" : "archivos omitidos"}`,
      leftovers === 0
        ? ""
        : `${count(leftovers)} ${leftovers === 1 ? "archivo de sistema ignorado" : "archivos de sistema ignorados"}`,
    ]
      .filter((part) => part !== "")
      .join(", "),
  importCancelled: (added) => `Importación cancelada tras ${count(added)} ${added === 1 ? "imagen" : "imágenes"}`,
  dropTitle: "Suelta para añadir",
  dropNote: "Cada carpeta se convierte en una colección. Los originales solo se leen.",
  dropDataset: "Un conjunto de datos, como un archivo COCO, se importa como anotaciones.",
  dropOverDialog: "Las fotos se añaden en segundo plano. El diálogo abierto queda como está.",
  whisker: (likely, expected, bound) => `${expected} previsto, probable ${likely}, nunca más de ${bound}`,
  whiskerCap: (cap, isCrossed) => (isCrossed ? `, por encima de tu tope de ${cap}` : `, dentro de tu tope de ${cap}`),
  typedMoney: {
    no_money: "Escribe un importe en dólares, como 0,60.",
    not_positive: "Escribe más de 0 $.",
    too_much: "Escribe 1.000.000 $ como mucho.",
  },
  unknownError: (message) => `Ha ocurrido un error: ${message}`,
};
