import type { ErrorCode } from "../../api/bindings";
import { here } from "../place.svelte";

export const errors: Record<ErrorCode, string> = {
  library: "No se pudo leer o escribir la biblioteca.",
  model: "No se pudo cargar o ejecutar el modelo.",
  file: "No se pudo leer o escribir el archivo.",
  original: "No se pudo abrir la foto: se ha movido o no se puede decodificar.",
  unfit_annotation: "Esta anotación no se puede guardar: necesita una etiqueta y debe estar sobre la foto.",
  nothing_to_audit: "Ninguna propuesta de esta etiqueta llega al umbral, así que no hay nada que comprobar.",
  unsound_recipe: "La receta tiene problemas y no se ha guardado.",
  unread_dataset: "No se pudo leer el conjunto de datos: no sigue su formato.",
  unknown_dataset:
    "No es un conjunto de datos en un formato conocido, o no contiene imágenes. Elige su formato o vuelve a exportarlo.",
  recipe_file: "El archivo no se puede leer como receta.",
  nothing_to_find: "Escribe qué hay que encontrar, separado por comas, como: gato, taza, semáforo.",
  unknown_model: "Este modelo no está disponible.",
  no_images: "No hay imágenes que anotar.",
  recipe_beyond_model: "Este modelo no admite esta receta.",
  get local_only() {
    return `Todo está bloqueado en ${here("este equipo", "el servidor")}. Se desbloquea en Ajustes, Privacidad.`;
  },
  no_key: "No hay clave para este servidor. Introduce una en Ajustes.",
  unusable_connection: "La conexión con este servidor no está bien configurada. En Ajustes se ve qué falla.",
  not_agreed:
    "Aún no has aceptado enviar imágenes a este servidor. Inicia una ejecución desde el plan para ver qué se enviaría.",
  budget_without_price:
    "El precio de este modelo se desconoce, así que no se puede respetar ningún tope. Indica su precio en los ajustes. No se ha enviado nada.",
  budget_too_small: "Este tope es demasiado bajo para una sola imagen. No se ha enviado nada.",
  month_is_full:
    "Lo que queda del tope mensual de todas las ejecuciones no alcanza para una sola imagen. Sube el tope en Ajustes o empieza el mes que viene. No se ha enviado nada.",
  unsettled:
    "Había peticiones en curso cuando se cerró Fieldmark, y puede que se hayan cobrado. Abre la ejecución y confirma que quieres enviarlas de nuevo.",
  endpoint_name_taken: "Dos endpoints tienen el mismo nombre. Da a cada uno un nombre único.",
  price:
    "Ese precio no se puede usar, o el archivo no es una tabla de precios: se leen los JSON de LiteLLM y de genai-prices.",
  settings: "No se pudo leer el archivo de ajustes. El registro y la línea de comandos dicen dónde falla.",
  get address() {
    return `Esta dirección no se puede usar. Debe ser como https://api.anthropic.com: con https:// salvo que esté en ${here("este equipo", "el propio servidor")}, y sin nombre de usuario, contraseña ni consulta.`;
  },
  key: "La clave no es válida: está vacía o tiene caracteres no permitidos. Vuelve a pegarla.",
  keychain: "No se pudo usar el llavero. Puede que siga en él una clave que has quitado.",
  environment:
    "No se puede leer el archivo .env o una variable de entorno. `fieldmark doctor` dice dónde está el error.",
  database_address:
    "Esto no es una cadena de conexión. Debe parecerse a postgres://usuario:contraseña@servidor/base, o a la dirección de un proyecto de Supabase, un espacio y la clave del rol de servicio.",
  database_busy:
    "Otra ventana o un comando está publicando la biblioteca. Publica de nuevo cuando termine, para enviar lo nuevo desde entonces.",
  database:
    "La biblioteca no se ha publicado. Ajustes, Base de datos dice por qué. Lo que ya se envió sigue publicado.",
  run_busy: "Otra ventana o la línea de comandos está usando esta ejecución.",
  nothing_left: "No queda nada por hacer en esta ejecución.",
  no_figures: "Aún no ha terminado ninguna imagen de esta ejecución, así que no hay métricas.",
  nothing_to_evaluate: "No tienen ninguna imagen en común, así que no hay nada que comparar.",
  nothing_to_export:
    "No hay nada que exportar: ninguna imagen está anotada o, si solo se exporta lo decidido, revisada; o el formato no admite ninguna de las anotaciones.",
  library_in_use: "Hay una ejecución en curso, u otro proceso tiene abierta la biblioteca. Inténtalo cuando termine.",
  cancelled: "Cancelado.",
  invalid_input: "Fieldmark no pudo procesar esta petición. Vuelve a cargar la ventana.",
  unknown_operation: "Esta ventana y Fieldmark son de versiones distintas. Vuelve a cargar la ventana.",
  read_only: "Esta biblioteca está abierta solo para lectura. No se cambió nada.",
  desktop_only: "Solo la aplicación de escritorio puede hacer esto.",
  outside_roots: "Esta carpeta está fuera de las carpetas que ofrece este servidor.",
  signed_out: "La sesión de esta ventana ha terminado. Abre el enlace que muestra `fieldmark serve`.",
  unreachable: "No se pudo conectar con Fieldmark. La ventana se conectará de nuevo cuando esté en marcha.",
  internal:
    "Error interno. Los datos guardados no se ven afectados. Inténtalo de nuevo; si vuelve a fallar, informa de ello con Ajustes, Acerca de, Diagnóstico.",
};
