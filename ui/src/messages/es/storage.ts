import type { DerivedCount } from "../../api/bindings";
import type { storage as english } from "../en/storage";
import { byteCount, count, money, moment } from "../format";
import { here } from "../place.svelte";
import type { Translation } from "../translation";

const plural = (value: number, one: string, many: string) => `${count(value)} ${value === 1 ? one : many}`;

const counts: Record<DerivedCount, string> = {
  labels: "Los recuentos de etiquetas",
  image_labels: "Las etiquetas de las imágenes",
  images: "Las cifras de las imágenes",
  layers: "Las cifras de las ejecuciones",
  spending: "Las sumas de gastos",
};

export const storage: Translation<typeof english> = {
  title: "Biblioteca y espacio",
  show: "Mostrar en el gestor de archivos",
  contents: "Contenido",
  counted: ({ images, annotations, decisions, runs, paid_dollars }) =>
    `${plural(images, "imagen", "imágenes")}, ${plural(annotations, "anotación", "anotaciones")} (${count(decisions)} decididas), ${plural(runs, "ejecución", "ejecuciones")}, ${money(paid_dollars)} pagados`,
  size: "Tamaño en disco",
  sizes: {
    database: "Base de datos",
    log: "Registro de la base de datos",
    thumbnails: "Miniaturas",
    uploads: "Fotos subidas",
    exports: "Exportaciones",
    metrics: "Métricas",
    copies: "Copias anteriores a cambios de formato",
  },
  total: "Total",
  backup: "Copia de seguridad",
  backupNote:
    "Un archivo con la base de datos, los ajustes sin claves, las métricas y las fotos subidas. Las fotos de otros lugares no están en él. `fieldmark library restore` la restaura.",
  backUp: "Hacer copia…",
  backingUp: "Haciendo la copia…",
  withThumbnails: "Con miniaturas",
  never: "Todavía no hay ninguna copia",
  lastBackup: ({ made_at, path, state }) =>
    `${moment(made_at)}: ${path}${{ there: "", gone: " (ya no está)", downloaded: " (descargada)" }[state]}`,
  incomplete: (photos) =>
    `${plural(photos.length, "foto subida no está", "fotos subidas no están")} en su lugar ni en la copia: ${photos[0] ?? ""}`,
  download: "Descargar la copia",
  check: "Comprobar",
  checkLabel: "Comprobación",
  checkNote: "Busca daños en la base de datos y originales que faltan. No se cambia nada.",
  checking: "Comprobando…",
  sound: "La biblioteca está en orden.",
  damaged: (check) => `La base de datos está dañada: ${check.damages[0] ?? ""}`,
  broken: "Algunas filas se refieren a algo que no existe.",
  differs: (of) => `${counts[of]} no coinciden con un nuevo recuento.`,
  repair: "`fieldmark library repair` repara la base de datos. Copia antes su carpeta.",
  outdated: "La biblioteca tiene un formato anterior: no se comprobaron sus recuentos ni sus fotos.",
  missing: (originals) => `${plural(originals, "original falta", "originales faltan")}.`,
  changed: (originals) => `${plural(originals, "original tiene", "originales tienen")} ahora otro contenido.`,
  strays: (thumbnails) => `${plural(thumbnails, "miniatura", "miniaturas")} sin imagen: la limpieza las elimina.`,
  more: (rest) => `y ${count(rest)} más`,
  relink: "Buscar fotos movidas…",
  relinkNote: () => here("", "En el servidor, `fieldmark library relink CARPETA` encuentra las fotos que se movieron."),
  relinked: ({ found, missing_count }) =>
    `${plural(found, "foto encontrada", "fotos encontradas")}, ${count(missing_count)} todavía faltan.`,
  cleanUp: "Limpiar…",
  cleanUpLabel: "Limpieza",
  cleanUpNote:
    "Elimina archivos que nada necesita y compacta la base de datos. Las fotos, anotaciones y respuestas se conservan.",
  cleanTitle: "Limpiar la biblioteca",
  pruned: {
    thumbnails: "Miniaturas sin imagen",
    uploads: "Archivos subidos que no son imágenes de la biblioteca",
    exports: "Exportaciones preparadas",
    copies: "Copias antiguas anteriores a cambios de formato",
    database: "Espacio sin usar en la base de datos",
  },
  files: (files) => plural(files, "archivo", "archivos"),
  remove: (bytes) => `Liberar ${byteCount(bytes)}`,
  cancel: "Cancelar",
  freed: (bytes) => `${byteCount(bytes)} liberados.`,
  nothing: "No hay nada que eliminar.",
};
