import type { Published } from "../../api/bindings";
import type { database as english } from "../en/database";
import { count, moment } from "../format";
import { here } from "../place.svelte";
import type { Translation } from "../translation";

function sent({ images, annotations, removed_images }: Published): string {
  const removed = removed_images === 0 ? "" : `, ${count(removed_images)} eliminadas`;
  if (images === 0 && removed_images === 0) return "al día";
  return `${count(images)} ${images === 1 ? "imagen" : "imágenes"} con ${count(annotations)} anotaciones${removed}`;
}

export const database: Translation<typeof english> = {
  title: "Base de datos",
  note: () =>
    `Publica en una base de datos PostgreSQL, como Supabase, para compartir los resultados con un equipo. Solo se envía lo nuevo o cambiado: nombres, rutas, hashes, tamaños y fechas de las imágenes; anotaciones con decisiones; ejecuciones, costes y recetas. Las fotos se quedan ${here("en este equipo", "en el servidor")}.`,
  connection: "Cadena de conexión",
  placeholder: "postgres://usuario:contraseña@servidor/base",
  connectionNote:
    "Se guarda en el llavero del sistema. Para Supabase: la dirección del proyecto, un espacio y la clave del rol de servicio, después de ejecutar una vez en su editor SQL la salida de `fieldmark publish --schema`.",
  connect: "Conectar",
  disconnect: "Desconectar",
  from: ({ server, place }) =>
    place === "keychain"
      ? server
      : place === "session"
        ? `${server}, hasta que ${here("se cierre Fieldmark", "se detenga el servidor")}, porque no hay llavero`
        : `${server}, del entorno`,
  target: "Base de datos",
  entered: "Introducida aquí",
  publish: "Publicar ahora",
  publishing: "Publicando…",
  last: "Última publicación",
  never: "Todavía no",
  outcome: ({ ended_at, outcome }) =>
    outcome.kind === "published"
      ? `${moment(ended_at)}: ${sent(outcome.published)}`
      : `${moment(ended_at)}: ha fallado`,
  afterRun: "Publicar después de cada ejecución",
  afterRunNote: "En la base de datos cuya cadena de conexión se ha introducido aquí.",
};
