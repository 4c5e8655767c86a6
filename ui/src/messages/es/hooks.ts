import type { HookEnding, HookEvent } from "../../api/bindings";
import type { hooks as english } from "../en/hooks";
import { duration } from "../format";
import type { Translation } from "../translation";
import { here } from "../place.svelte";

const events: Record<HookEvent, string> = {
  before_run: "Antes de una ejecución",
  after_run: "Tras una ejecución",
  on_failure: "Si una ejecución falla",
};

const moments: Record<HookEvent, string> = {
  before_run: "antes de la primera petición de cada ejecución y siempre que una se reanuda",
  after_run: "tras cada ejecución, haya tenido éxito o no",
  on_failure: "tras una ejecución que se detuvo antes de terminar por un error o en la que fallaron imágenes",
};

function ending(ending: HookEnding, millis: number): string {
  switch (ending.kind) {
    case "exited":
      return ending.code === 0
        ? `hecho en ${duration(millis)}`
        : `falló con el código de salida ${String(ending.code)}`;
    case "killed":
      return "terminado por una señal";
    case "timed_out":
      return `se agotó el tiempo tras ${duration(millis)} y se terminó`;
    case "not_started":
      return `no se inició: ${ending.detail}`;
    case "not_agreed":
      return "no se ejecutó: no la has aceptado";
  }
}

export const hooks: Translation<typeof english> = {
  title: "Órdenes propias",
  note: "Órdenes tuyas que el shell del sistema ejecuta en la carpeta de la biblioteca, con los datos de la ejecución en su entorno y como JSON en su entrada. Si una orden falla, se avisa y no afecta a la ejecución.",
  events,
  nothing: "ninguna orden",
  timeout: "Tiempo límite (s)",
  timeoutNote: "Pasado ese tiempo se terminan la orden y sus procesos hijos.",
  timeoutWrong: (most) => `Escribe un número entero de 1 a ${String(most)}.`,
  save: "Guardar",
  discard: "Descartar",
  fillIn: "Usar las órdenes de Claude Flow",
  fillInNote: "Órdenes que informan a Claude Flow de cada ejecución. Las ves antes de que se guarde nada.",
  awaits: "No has aceptado esta orden, así que no se ejecuta.",
  ask: "Revisar…",
  askAbout: (event) => `Revisar… ${events[event]}`,
  outcome: ({ event, ending: ended, millis }) => `${events[event]}: ${ending(ended, millis)}`,
  last: ({ run, ending: ended, millis }) => `Última vez, ejecución ${String(run)}: ${ending(ended, millis)}`,
  said: "Salida",
  consent: {
    title: (count) => (count === 1 ? "¿Ejecutar esta orden?" : "¿Ejecutar estas órdenes?"),
    moment: (event) => `Se ejecuta ${moments[event]}.`,
    get note() {
      const reach = here("tú puedes hacer en este equipo", "puede hacer en el servidor quien lo ha iniciado");
      return `Una orden puede hacer todo lo que ${reach}. No recibe ninguna clave de API. Si cambia su texto, se te vuelve a preguntar.`;
    },
    decline: "Ahora no",
    without: (count) => (count === 1 ? "Empezar sin ella" : "Empezar sin ellas"),
    agree: (count) => (count === 1 ? "Aceptar esta orden" : `Aceptar estas ${String(count)} órdenes`),
  },
};
