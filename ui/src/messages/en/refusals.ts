import type { ErrorCode } from "../../ipc/bindings";

/** Refusals by the core's code. Its own message, with the particulars, goes to the log. */
export const refusals: Record<ErrorCode, string> = {
  library: "The library could not be read or written.",
  model: "The model could not be loaded or run.",
  file: "The file could not be read or written.",
  original: "The photo could not be opened: it was moved, or cannot be decoded.",
  unfit_mark: "This is no mark on the photo: it needs a label, and a part of it in the picture.",
  nothing_to_audit: "No proposal of this label is that certain, so there is nothing to check.",
  nothing_to_find: "Type things to find between commas, such as: cat, cup, traffic light.",
  unknown_model: "This model is not available.",
  no_images: "There are no images to annotate.",
  recipe_beyond_model: "The model can find nothing that the recipe asks for.",
  local_only: "Everything is locked to this machine. Settings, Privacy unlocks it.",
  model_retired: "This model is retired: its server no longer answers for it. Choose a newer one.",
  no_key: "There is no key for this server. Enter one in Settings.",
  unusable_connection: "The way to this server is not usable as it is set up. Settings says what is wrong.",
  not_agreed:
    "You have not agreed to send images to this server yet. Start a run from the plan to see what would be sent.",
  budget_too_small: "This budget is too small: not one image could be sent under it. Nothing was sent.",
  unsettled:
    "Requests were under way when Fieldmark was closed, and may have been billed. Open the run and agree to ask again.",
  endpoint_name_taken: "Two endpoints have the same name. Give each a name of its own.",
  settings: "The settings file cannot be read. The log and the command line say where it is wrong.",
  address:
    "This address cannot be used. It should look like https://api.anthropic.com: with https:// unless it is on this machine, without a user name, a password or a question mark.",
  key: "That is no key: it is empty, or has characters that no key has. Paste it anew.",
  keychain: "The keychain could not be used. A key that was to be forgotten may still be in it.",
  run_busy: "Another window or the command line is working on this run.",
  nothing_left: "Nothing is left to do in this run.",
  no_figures: "No image of this run has finished, so there are no figures yet.",
  internal: "Something went wrong inside Fieldmark. Nothing that was stored is lost.",
};
