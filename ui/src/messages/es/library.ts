import type { library as english } from "../en/library";
import { count, decimal, takenWithZone } from "../format";
import type { Translation } from "../translation";
import { failures } from "./failures";
import { here } from "../place.svelte";

const images = (number: number) => `${count(number)} ${number === 1 ? "imagen" : "imágenes"}`;
const files = (number: number) => `${count(number)} ${number === 1 ? "archivo" : "archivos"}`;

export const library: Translation<typeof english> = {
  collections: "Colecciones",
  addFolders: "Añadir carpetas",
  allImages: "Todas las imágenes",
  collection: {
    rename: "Cambiar el nombre",
    plan: "Planificar una ejecución…",
    show: "Mostrar en el gestor de archivos",
    remove: "Quitar…",
    actionsOf: (name) => `Acciones de ${name}`,
    name: "Nombre de la colección",
    removeTitle: (name) => `¿Quitar «${name}»?`,
    removeNote:
      "Las imágenes que no están en otra colección salen de la biblioteca. Los archivos se quedan donde están.",
    removeKeeps: "Las anotaciones y decisiones se conservan. Añade de nuevo la carpeta para recuperarlas.",
    removeConfirm: "Quitar",
    keep: "Conservar",
    removed: (name) => `«${name}» se ha quitado`,
    restored: (name) => `«${name}» se ha restaurado`,
    undo: "Deshacer",
  },
  noLabels: "Aquí se contarán las anotaciones por etiqueta.",
  dropHint: "Suelta carpetas en cualquier punto de esta ventana. Los originales solo se leen.",
  eachFolder: "Cada carpeta que sueltes se convierte en una colección.",
  images,
  shownOf: (shown, all) => `${count(shown)} de ${images(all)}`,
  selectedOf: (selected, listed) => `${count(selected)} de ${count(listed)} seleccionadas`,
  annotationsHidden: "Mostrar anotaciones",
  selectAll: (number) => `Seleccionar las ${count(number)}`,
  clearSelection: "Quitar la selección",
  reviewSelected: (number) => `Revisar ${count(number)}`,
  skippedFiles: (number) => `${files(number)} ${number === 1 ? "omitido" : "omitidos"}`,
  review: "Revisar",
  annotate: (number) => `Anotar ${images(number)}…`,
  status: "Estado de revisión",
  filters: {
    all: "Todas",
    unreviewed: "Sin revisar",
    reviewed: "Revisadas",
    confirmed_empty: "Vacías",
    failed: "Fallidas",
    running: "En curso",
  },
  thumbnailSize: "Tamaño de las miniaturas",
  sidebarWidth: "Ancho de la barra lateral",
  sidebarWidthNote: "Arrastra para cambiar el ancho; haz doble clic para restablecerlo",
  grid: "Imágenes",
  unnamed: "Imagen",
  taken: (at) => `Tomada el ${takenWithZone(at)}`,
  annotationNoun: (number) => (number === 1 ? "anotación" : "anotaciones"),
  states: {
    unreviewed: "Sin revisar",
    reviewed: "Revisada",
    confirmed_empty: "Confirmada vacía",
    failed: "Fallida",
    running: "En una ejecución",
  },
  empty: "vacía",
  failures,
  emptyCollection: "No hay imágenes en esta colección",
  importing: {
    scanning: (found) => `Examinando carpetas, ${files(found)} hasta ahora`,
    adding: (done, found) => `Añadiendo ${count(done)} de ${files(found)}`,
    skipped: (number) => `${files(number)} ${number === 1 ? "omitido" : "omitidos"}`,
    label: "Añadiendo imágenes",
    cancel: "Cancelar",
  },
  skipped: {
    title: "Archivos omitidos",
    note: "Estaban en las carpetas, pero no están en la biblioteca. No se han modificado.",
    file: "Archivo",
    why: "Motivo",
    more: (number) => `y ${count(number)} más`,
    kind: (reason, number) => {
      switch (reason.kind) {
        case "empty":
          return number === 1 ? "1 archivo vacío" : `${files(number)} vacíos`;
        case "not_an_image":
          return number === 1 ? "1 archivo que no es una imagen" : `${files(number)} que no son imágenes`;
        case "not_supported": {
          const some = `${files(number)} ${reason.format}: formato no compatible`;
          return reason.detail === null ? some : `${some} (${reason.detail})`;
        }
        case "damaged":
          return number === 1 ? "1 archivo dañado" : `${files(number)} dañados`;
        case "too_many_pixels":
          return number === 1 ? "1 archivo demasiado grande" : `${files(number)} demasiado grandes`;
        case "too_much_memory":
          return `${files(number)}: decodificar requiere más memoria de la permitida`;
        case "file_too_large":
          return `${files(number)} de más de 2000 MB`;
        case "unreadable":
          return `${files(number)} que no se ${number === 1 ? "pudo" : "pudieron"} leer`;
      }
    },
    reason: (reason) => {
      switch (reason.kind) {
        case "empty":
          return "Archivo vacío";
        case "not_an_image":
          return "No es una imagen";
        case "not_supported":
          return reason.detail === null ? `${reason.format} no es compatible` : `${reason.format}: ${reason.detail}`;
        case "damaged":
          return "Dañado o incompleto";
        case "too_many_pixels":
          return `Demasiado grande: ${decimal(reason.megapixels)} megapíxeles`;
        case "too_much_memory": {
          const what =
            reason.size === null ? "Leerlo" : `${count(reason.size.width)} x ${count(reason.size.height)} píxeles`;
          return `${what}: requiere ${count(reason.needed_megabytes)} MB de memoria y se permiten ${count(reason.allowed_megabytes)} MB. El límite está en Ajustes, Importación.`;
        }
        case "file_too_large":
          return `Demasiado grande: ${count(reason.megabytes)} MB; se permiten 2000 MB`;
        case "unreadable":
          return "No se pudo leer";
      }
    },
  },
  welcome: {
    title: "Suelta aquí carpetas de fotos",
    note: "JPEG, PNG, WebP, GIF, TIFF, BMP, también en subcarpetas. Las fotos se quedan donde están y solo se leen.",
    choose: "Elegir carpetas",
    samples: "Probar con fotos de ejemplo",
    privacy: (privacy) => {
      const machine = here("de este equipo", "del servidor");
      if (privacy === "unknown") return `Nada sale ${machine} sin tu permiso`;
      if (privacy === "locked") return `Bloqueado: nada sale ${machine}`;
      if (privacy === "nothing_set_up") return `Nada sale ${machine}`;
      return "Ves qué se envía, y adónde, antes de enviarlo";
    },
    samplesNote: "6 fotos para probar Fieldmark",
    works: {
      title: "Funciona ya, sin clave",
      lines: [
        "El detector integrado encuentra 80 objetos cotidianos",
        "Revisa con dos teclas, exporta como COCO, YOLO, CSV y otros",
        "Pausa o cierra cuando quieras: lo terminado se guarda",
      ],
    },
    adds: {
      title: "Con una clave o un servidor propio",
      lines: [
        "Cualquier objeto que sepas nombrar o describir, con atributos",
        "Modelos de visión uno junto a otro, con su coste antes de ejecutar",
        "Un presupuesto que nunca se supera; nada se paga dos veces",
      ],
      settings: "Añadir una clave o un servidor",
    },
    never: {
      title: "Privado",
      lines: (privacy) => [privacy, "Sin cuenta ni telemetría", "Tus fotos no se cambian, solo se leen"],
      settings: "Ajustes de privacidad",
    },
  },
};
