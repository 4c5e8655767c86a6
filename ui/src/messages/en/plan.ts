import type { Attribute, ShapeKind, Shortfall, TimeBasis } from "../../ipc/bindings";
import { count, names } from "../format";

const images = (number: number) => `${count(number)} ${number === 1 ? "image" : "images"}`;

const shapes: Record<ShapeKind, string> = {
  box: "Box",
  point: "Point",
  polygon: "Polygon",
  image_tag: "Image tag",
  caption: "Caption",
};

export const plan = {
  recipe: "Recipe",
  labels: "Labels",
  shapesTitle: "Shapes",
  shapes,
  notKnown: "not known",
  allLabels: (number: number) => `Show all ${count(number)}`,
  fewerLabels: "Show fewer",
  attributes: "Attributes",
  instructions: "Instructions",
  attribute: (attribute: Attribute): string => {
    const { kind } = attribute;
    switch (kind.kind) {
      case "text":
        return "free text";
      case "number":
        return `${count(kind.min)} to ${count(kind.max)}`;
      case "choice":
        return `one of ${count(kind.options.length)}`;
      case "yes_no":
        return "yes or no";
    }
  },
  findThese: "Find these things",
  findPlaceholder: "cat, cup, traffic light",
  findNote: "Names between commas. They become a recipe of yours.",
  save: "Save as recipe",
  deleteRecipe: "Delete this recipe",
  quoteFor: (number: number) => `Quote for ${images(number)}`,
  quoteNote: "for these images, at their real sizes",
  quoting: "Measuring these images",
  noQuote: "There is no quote for these images.",
  undoDelete: "Undo",
  quotingNote: "A few of them are tried, to know the pace of this machine.",
  model: "Model",
  low: "Low",
  expected: "Expected",
  high: "High",
  range: "Range",
  time: "Time",
  noPrice: "no price",
  unknown: "unknown",
  thisMachine: "this machine",
  cannotRun: "cannot run this",
  /** A model named by what it is takes an article; a model with a name of its own does not. */
  theModel: (name: string) =>
    name.startsWith("Built-in") ? `The ${name.charAt(0).toLowerCase()}${name.slice(1)}` : name,
  shortfall: (modelName: string, shortfall: Shortfall): string => {
    switch (shortfall.kind) {
      case "unknown_labels":
        return `${modelName} does not know: ${names(shortfall.labels, 8)}`;
      case "no_known_label":
        return `${modelName} knows none of these labels`;
      case "attributes": {
        const many = shortfall.names.length;
        const what = `${count(many)} ${shortfall.are_required ? "required " : ""}${many === 1 ? "attribute" : "attributes"}`;
        return `${what} cannot be filled by this model: ${names(shortfall.names, 8)}`;
      }
      case "shapes":
        return `Not drawn by this model: ${names(shortfall.shapes.map((shape) => shapes[shape].toLowerCase()))}`;
    }
  },
  timeTitle: "What sets the time",
  timeNote: "a run cannot end before this",
  timeSum: (number: number, each: string, atOnce: number) =>
    `Answers, ${count(number)} × ${each}, ${count(atOnce)} at once`,
  timeBasis: (basis: TimeBasis): string =>
    basis.kind === "earlier_run"
      ? `The pace is that of an earlier run of this model here, over ${images(basis.images)}.`
      : `The pace was measured just now on ${count(basis.images)} of these images; the answers were thrown away.`,
  timeUnknown: "Nothing to measure the pace on yet.",
  sizes: "Sizes of the images",
  otherSizes: "other sizes",
  leaves: "What leaves this machine",
  leavesNothing: "Nothing leaves this machine",
  leavesNothingNote: "The model runs here. Originals are only read.",
  leavesTo: (number: number, host: string) => `${images(number)}, resized, to ${host}`,
  leavesText: "Label names, definitions, instructions",
  stays: "Stays here: originals, file names, EXIF, place",
  cost: "Cost",
  costRange: (low: string, high: string) => `expected, between ${low} and ${high}`,
  free: "It runs on this machine",
  noPriceNote: "Nobody has told a price for this model.",
  annotate: (number: number, cost: string | null) => `Annotate ${images(number)}${cost === null ? "" : `, ${cost}`}`,
  about: (cost: string) => `about ${cost}`,
  takes: (time: string) => `about ${time}, can be left`,
  canBeLeft: "can be left",
  noImages: "No images to annotate yet",
  noImagesNote: "Add folders or the samples in the library first.",
  toLibrary: "Go to the library",
  chooseModel: "Choose a model.",
  deleted: (name: string) => `Recipe deleted: ${name}`,
  keys: {
    model: "Previous or next model",
    start: "Annotate",
    startHint: "annotate",
  },
};
