/** Diagnostics, and errors of the program itself. */
export const support = {
  diagnostics: "Diagnostics",
  diagnosticsNote:
    "Versions, settings, servers and the last errors of the log, for a report of a problem. Never keys, prompts, answers or images.",
  show: "Show diagnostics…",
  title: "Diagnostics",
  shared:
    "This is exactly what is copied. It names your servers, folders and the last errors; your home folder is shown as ~. Look through it before you share it.",
  loading: "Collecting…",
  copy: "Copy diagnostics",
  copied: "Diagnostics copied.",
  notCopied: "The text could not be copied. Select it and copy it with Ctrl+C.",
  close: "Close",
  endedUnexpectedly: "Fieldmark ended unexpectedly last time. Saved data is not affected.",
  broken: "This part of the window has failed",
  brokenNote: "Saved data is not affected. Reload the window. If it happens again, report it with the diagnostics.",
  reload: "Reload the window",
  windowError: "Something in the window went wrong. If it does not respond, reload it.",
};
