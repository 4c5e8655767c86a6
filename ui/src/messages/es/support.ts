import type { support as english } from "../en/support";
import type { Translation } from "../translation";

export const support: Translation<typeof english> = {
  diagnostics: "Diagnóstico",
  diagnosticsNote:
    "Versiones, ajustes, servidores y los últimos errores del registro, para informar de un problema. Nunca claves, instrucciones, respuestas ni imágenes.",
  show: "Mostrar el diagnóstico…",
  title: "Diagnóstico",
  shared:
    "Esto es exactamente lo que se copia. Nombra tus servidores, carpetas y los últimos errores; tu carpeta personal se muestra como ~. Revísalo antes de compartirlo.",
  loading: "Recopilando…",
  copy: "Copiar el diagnóstico",
  copied: "Diagnóstico copiado.",
  notCopied: "No se pudo copiar el texto. Selecciónalo y cópialo con Ctrl+C.",
  close: "Cerrar",
  endedUnexpectedly: "Fieldmark se cerró de forma inesperada la última vez. Los datos guardados no están afectados.",
  broken: "Esta parte de la ventana ha fallado",
  brokenNote:
    "Los datos guardados no están afectados. Recarga la ventana. Si vuelve a ocurrir, informa de ello con el diagnóstico.",
  reload: "Recargar la ventana",
  windowError: "Algo ha fallado en la ventana. Si no responde, recárgala.",
};
