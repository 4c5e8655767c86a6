import type { ErrorCode } from "../../api/bindings";
import { here } from "../place.svelte";

/** Messages of the core's error codes. The core's own message, with details, goes to the log. */
export const errors: Record<ErrorCode, string> = {
  library: "The library could not be read or written.",
  model: "The model could not be loaded or run.",
  file: "The file could not be read or written.",
  original: "The photo could not be opened: it was moved, or it cannot be decoded.",
  unfit_annotation: "This annotation cannot be saved: it needs a label, and it must overlap the photo.",
  nothing_to_audit: "No proposal of this label reaches the threshold, so there is nothing to check.",
  unsound_recipe: "The recipe has problems and was not saved.",
  unread_dataset: "The dataset could not be read: it does not follow its format.",
  unknown_dataset:
    "This is not a dataset in a known format, or it has no images. Choose its format, or export it again.",
  recipe_file: "The file cannot be read as a recipe.",
  nothing_to_find: "Enter what to find, separated by commas, such as: cat, cup, traffic light.",
  unknown_model: "This model is not available.",
  no_images: "There are no images to annotate.",
  recipe_beyond_model: "This model cannot run this recipe.",
  get local_only() {
    return `Everything is locked to ${here("this machine", "the server")}. Unlock it in Settings, Privacy.`;
  },
  no_key: "There is no key for this server. Enter one in Settings.",
  unusable_connection: "The connection to this server is not set up correctly. Settings shows what is wrong.",
  not_agreed:
    "You have not agreed to send images to this server yet. Start a run from the plan to see what would be sent.",
  budget_without_price:
    "The price of this model is unknown, so no budget can be kept. Enter its price in the settings. Nothing was sent.",
  budget_too_small: "This budget is too low for a single image. Nothing was sent.",
  month_is_full:
    "The monthly cap over all runs leaves too little for a single image. Raise it in Settings, or start next month. Nothing was sent.",
  unsettled:
    "Requests were in flight when Fieldmark was closed and may have been billed. Open the run and confirm to send them again.",
  endpoint_name_taken: "Two endpoints have the same name. Give each a unique name.",
  price: "This is not a valid price or price table. JSON files of LiteLLM and genai-prices can be imported.",
  settings: "The settings file cannot be read. The log and the command line say where the error is.",
  get address() {
    return `This address cannot be used. It should look like https://api.anthropic.com: with https:// unless it is on ${here("this machine", "the server itself")}, and without a user name, a password or a query.`;
  },
  key: "This is not a valid key: it is empty or has invalid characters. Paste it again.",
  keychain: "The keychain could not be used. A key that you removed may still be in it.",
  environment: "The .env file or an environment variable cannot be read. `fieldmark doctor` says where the error is.",
  database_address:
    "This is not a connection string. It looks like postgres://user:password@host/database, or like a Supabase project’s address, a space and its service role key.",
  database_busy:
    "The library is being published by another window or command. Publish again when that has ended, to send what is new since then.",
  database: "The library was not published. Settings, Database says why. What was already sent stays published.",
  run_busy: "This run is in use by another window or the command line.",
  nothing_left: "Nothing is left to do in this run.",
  no_figures: "No image of this run has finished, so there are no metrics yet.",
  nothing_to_evaluate: "These have no image in common, so there is nothing to compare.",
  nothing_to_export:
    "There is nothing to export: no image here is annotated or, with only decided annotations, reviewed; or the format holds none of the annotations.",
  library_in_use: "A run is in progress, or another process has the library open. Try again when it is over.",
  cancelled: "Cancelled.",
  invalid_input: "Fieldmark could not process this request. Reload the window.",
  unknown_operation: "This window and the running Fieldmark have different versions. Reload the window.",
  read_only: "This library is open read-only. Nothing was changed.",
  desktop_only: "Only the desktop app can do this.",
  outside_roots: "This folder is outside the folders that this server offers.",
  signed_out: "This window is signed out. Open the link that `fieldmark serve` shows.",
  unreachable: "Fieldmark could not be reached. The window reconnects when it is running again.",
  internal:
    "Internal error. Saved data is not affected. Try again; if it fails again, report it with Settings, About, Diagnostics.",
};
