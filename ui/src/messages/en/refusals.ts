/** Refusals by the core's code. Its own message, with the particulars, goes to the log. */
export const refusals = {
  library: "The library could not be read or written.",
  model: "The model could not be loaded or run.",
  file: "The file could not be read or written.",
  original: "The photo could not be opened: it was moved, or cannot be decoded.",
  nothing_to_find: "Type things to find between commas, such as: cat, cup, traffic light.",
  unknown_model: "This model is not available.",
  no_images: "There are no images to annotate.",
  recipe_beyond_model: "The model can find nothing that the recipe asks for.",
  run_busy: "Another window or the command line is working on this run.",
  nothing_left: "Nothing is left to do in this run.",
  no_figures: "No image of this run has finished, so there are no figures yet.",
  internal: "Something went wrong inside Fieldmark. Nothing that was stored is lost.",
};
