import type {
  AttributeKind,
  ImportRemark,
  PixelSize,
  RecipeProblemKind,
  RecipeSource,
  ShapeKind,
} from "../../api/bindings";
import { count, moment, names, pixels } from "../format";
import { visible } from "../visible";

const shapes: Record<ShapeKind, string> = {
  box: "box",
  point: "point",
  polygon: "polygon",
  image_tag: "image tag",
  caption: "caption",
};

const programs: Record<RecipeSource, string> = {
  recipe_file: "Fieldmark",
  cvat: "CVAT",
  label_studio: "Label Studio",
  coco: "COCO",
  yolo: "YOLO",
  list: "a list",
};

export const recipe = {
  title: "Recipe",
  back: "Back to the plan",
  yours: "Your recipes",
  builtIn: "Built in",
  builtInNote: "Saving a built-in recipe makes a copy of your own.",
  add: "New recipe",
  untitled: "New recipe",
  version: (version: number) => `v${count(version)}`,
  changed: "Changed",
  name: "Name",
  edit: "Edit recipe",
  save: "Save",
  saveVersion: (version: number) => `Save as v${count(version)}`,
  saveCopy: "Save a copy",
  discard: "Discard changes",
  duplicate: "Duplicate",
  delete: "Delete recipe",
  saved: (name: string, version: number) => `${name} saved as version ${count(version)}`,
  again: (name: string, version: number) => `${name}: version ${count(version)} is the current one again`,
  deleted: (name: string) => `Recipe deleted: ${name}`,
  restored: (name: string) => `Recipe restored: ${name}`,
  import: "Import a file",
  importNote: "A recipe file, CVAT labels, a Label Studio configuration, COCO categories, YOLO data.yaml, or a list",
  copyFile: "Copy as a file",
  copied: "The recipe file is on the clipboard",
  importedFrom: (source: RecipeSource) => `Imported from ${programs[source]}. Not saved yet.`,
  remarks: "Changed or not imported",
  remark: ({ about, remark }: ImportRemark): string => {
    const said = ((): string => {
      switch (remark.kind) {
        case "setting_not_imported":
          return `the setting “${remark.setting}” is not imported`;
        case "shape_not_imported":
          return `annotations of kind “${remark.shape}” are not imported`;
        case "shape_changed":
          return `“${remark.shape}” becomes ${shapes[remark.became]}`;
        case "changed":
          return `becomes “${remark.became}”`;
        case "of_all_labels":
          return "applied to some labels; now applies to all";
        case "duplicate_not_imported":
          return "duplicate: only the first one is imported";
        case "entry_not_imported":
          return `“${remark.entry}” has no name and is not imported`;
      }
    })();
    return about === "" ? said : `${about}: ${said}`;
  },

  versions: "Versions",
  versionNote: (runs: number, savedAt: number | null) =>
    [
      ...(savedAt === null ? [] : [moment(savedAt)]),
      runs === 0 ? "not used yet" : `used by ${count(runs)} ${runs === 1 ? "run" : "runs"}`,
    ].join(", "),
  current: "current",
  restoreVersion: (version: number) => `Restore version ${count(version)}`,

  shapes: "Shapes",
  language: "Answer language",
  languages: {
    "": "Up to the model",
    en: "English",
    es: "Spanish",
    de: "German",
    fr: "French",
    it: "Italian",
    pt: "Portuguese",
    ja: "Japanese",
    zh: "Chinese",
  } as Record<string, string>,

  labels: "Labels",
  addLabel: "Add label",
  paste: "Paste a list",
  pasteNote: "One label per line, or separated by commas. A definition may follow a colon.",
  pasted: (added: number, skipped: number) =>
    `${count(added)} ${added === 1 ? "label" : "labels"} added, ${count(skipped)} skipped as duplicates`,
  pasteAdd: "Add labels",
  noLabels: "No labels yet",
  definition: "Definition",
  definitionHint: "What counts and what does not, as the model reads it",
  synonyms: "Synonyms",
  synonymsHint: "Other names, separated by commas",
  parent: "Parent",
  noParent: "None",
  color: "Color",
  colorName: (color: number) => `Color ${count(color)}`,
  key: "Key",
  noKey: "None",
  done: "Done",
  editLabel: "Edit label",
  deleteLabel: "Delete label",
  moveUp: "Move up",
  moveDown: "Move down",

  attributes: "Attributes",
  addAttribute: "Add attribute",
  noAttributes: "No attributes",
  of: "Describes",
  subjects: { annotation: "Annotation", image: "Image" },
  kind: "Kind",
  kinds: {
    text: "Text",
    number: "Number",
    choice: "One of",
    several_of: "Several of",
    yes_no: "Yes or no",
  } satisfies Record<AttributeKind["kind"], string>,
  kindOf: (kind: AttributeKind): string => {
    switch (kind.kind) {
      case "text":
        return "Text";
      case "number":
        return `Number, ${count(kind.min)} to ${count(kind.max)}`;
      case "choice":
        return `One of ${count(kind.options.length)}`;
      case "several_of":
        return `Several of ${count(kind.options.length)}`;
      case "yes_no":
        return "Yes or no";
    }
  },
  question: "Question",
  questionHint: "What the attribute says, as the model reads it",
  options: "Options",
  optionsHint: "Separated by commas",
  min: "From",
  max: "To",
  required: "Required",
  editAttribute: "Edit attribute",
  deleteAttribute: "Delete attribute",

  instructions: "Instructions",
  instructionsHint: "Anything else the model should know",
  requestsTitle: "Requests",
  requestsNote: "each costs its own tokens",
  tiles: "Small objects: also send tiles of large photos",
  tilesNote:
    "Each tile is sent as a picture of its own, besides the whole photo, and what was found is merged. A photo that the model sees in full size has no tiles.",
  tileEdge: "Tile size",
  tileEdgeUnit: "px",
  tileOverlap: "Overlap",
  tilesAtMost: "At most",
  tilesAtMostUnit: "tiles",
  check: "Check in a second request",
  checkNote: "The same picture with what was found in it: the model confirms, corrects, removes or adds.",

  examplesTitle: "Examples",
  examplesNote: "shown to the model before every photo",
  addExamples: (number: number) =>
    number === 0 ? "Add selected photos" : number === 1 ? "Add selected photo" : `Add ${count(number)} selected photos`,
  selectFirst: "Select photos in the library to add them here.",
  noExamples:
    "No examples. Photos with their annotations show the model what you mean; a photo without any shows what not to annotate.",
  exampleNumber: (number: number) => `Example ${count(number)}`,
  exampleOf: (annotations: number) =>
    annotations === 0 ? "No annotations" : annotations === 1 ? "1 annotation" : `${count(annotations)} annotations`,
  examplesKnown: (number: number) =>
    number === 1 ? "1 photo is an example already" : `${count(number)} photos are examples already`,
  photoMissing: "Photo unavailable",
  removeExample: (name: string) => `Remove example ${name}`,
  exampleTokens: (examples: number, tokens: number) =>
    `${count(examples)} ${examples === 1 ? "example" : "examples"}: about ${count(tokens)} tokens with every photo`,

  sent: "What is sent",
  sentNote: "with every photo",
  model: "Model",
  copy: "Copy",
  prompt: "Prompt",
  schema: "JSON schema",
  furtherRequests: (photo: PixelSize, requests: number) =>
    requests === 1
      ? `1 request for a photo of ${pixels(photo)}`
      : `${count(requests)} requests for a photo of ${pixels(photo)}`,
  tileText: "Beside each tile",
  checkText: "Second request",
  checkTextNote: "With one annotation as an example",
  tokens: (number: number) => `about ${count(number)} tokens`,
  tokensNote: (atMost: number) => `Estimated from the length of the text; never more than ${count(atMost)}`,
  nothingSent: "This model has no prompt: it looks for the labels that it knows.",
  noModel: "Open the plan with some images first, to choose a model.",
  cannotDo: "What this model cannot do with the recipe",
  canDoAll: "This model can do everything in the recipe.",
  tryOnOne: "Try on one photo",
  tryNote: "Saves the recipe and plans one image, with its cost",

  problem: (problem: RecipeProblemKind): string => {
    switch (problem.kind) {
      case "empty_name":
        return "A name is missing";
      case "long_name":
        return `A name has more than ${count(problem.limit)} characters`;
      case "hidden_characters":
        return `“${visible(problem.name)}” has hidden characters`;
      case "duplicate_name":
        return `Duplicate name: “${problem.name}”`;
      case "reserved_name":
        return `“${problem.name}” is reserved for the attributes of the image`;
      case "unknown_parent":
        return `The parent “${problem.parent}” is not a label of this recipe`;
      case "parent_cycle":
        return "A label cannot be its own parent";
      case "invalid_key":
        return `“${problem.key}” is not a digit from 1 to 9 or a letter`;
      case "duplicate_key":
        return `Key ${problem.key} is already used`;
      case "invalid_color":
        return "The color is not in the palette";
      case "min_above_max":
        return `${count(problem.min)} is above ${count(problem.max)}`;
      case "too_few_options":
        return "At least two options are needed";
      case "empty_option":
        return "An option is empty";
      case "duplicate_option":
        return `Duplicate option: “${problem.option}”`;
      case "no_shapes":
        return "Choose a shape, or add an attribute of the image";
      case "duplicate_shape":
        return "Duplicate shape";
      case "no_labels":
        return "Add a label";
      case "invalid_language":
        return `“${problem.language}” is not a language tag`;
      case "too_many_examples":
        return `More than ${count(problem.limit)} examples`;
      case "no_photo":
        return "The example has no photo";
      case "unknown_label":
        return `“${problem.label}” is not a label of this recipe`;
      case "other_shape":
        return `The recipe has no ${shapes[problem.shape]}`;
      case "outside_photo":
        return "An annotation is outside of the photo";
      case "unknown_attribute":
        return `“${problem.name}” is not an attribute of this recipe`;
      case "invalid_tiles":
        return "Tiles are from 128 to 16,384 px, overlap by at most 50 %, and there are 1 to 256 of them";
      case "nothing_in_tiles":
        return "Tiles need a shape with a place: boxes, points or outlines";
    }
  },
  names: (all: readonly string[]) => names(all, 4),
};
