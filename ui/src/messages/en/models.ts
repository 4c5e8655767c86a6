import type {
  AnswerForm,
  BoxCoordinates,
  CalendarDate,
  Calibration,
  CalibrationPlan,
  ModelId,
  ModelPrice,
  ModelSettings,
  PixelSize,
  PriceChange,
  PriceField,
} from "../../api/bindings";
import { count, date, decimal, enoughMoney, exactMoney, money, names } from "../format";
import { here } from "../place.svelte";
import { visible } from "../visible";

const value = (field: PriceField, amount: number | null): string => {
  if (amount === null) return "";
  switch (field) {
    case "batch_percent":
      return `${count(amount)} %`;
    case "context_tokens":
    case "max_output_tokens":
      return `${count(amount)} tokens`;
    default:
      return exactMoney(amount);
  }
};

export const models = {
  title: "Models and prices",
  search: "Search models",
  columns: {
    name: "Model",
    provider: "Provider",
    input: "Input",
    output: "Output",
    cache_read: "Cache read",
    cache_write: "Cache write",
    batch: "Batch",
    since: "Since",
    source: "Source",
    retires: "Retirement",
  },
  none: "none",
  percent: (percent: number) => `${count(percent)} %`,
  builtIn: "built in",
  cacheWrite: (model: ModelPrice) =>
    `Cache write: ${exactMoney(model.cache_write_5m_dollars_per_million)} for five minutes, ${exactMoney(model.cache_write_1h_dollars_per_million)} for an hour`,
  old: "This price is old",
  successor: (successor: ModelId) => `Use ${successor}`,
  edit: "Edit",
  editOf: (model: string) => `Edit ${model}`,
  noneFound: "No model matches.",
  note: (day: CalendarDate) =>
    `Dollars per million tokens; the built-in prices were read on ${date(day)} or later. A batch costs this percentage of a live request.`,
  perMillion: "Dollars per million tokens. What you save here replaces the built-in price and is dated today.",
  fields: {
    input: "Input",
    output: "Output",
    cache_read: "Cache read",
    cache_write_5m: "Cache write, 5 min",
    cache_write_1h: "Cache write, 1 hour",
    batch_percent: "Batch (%)",
    context_tokens: "Context (tokens)",
    max_output_tokens: "Longest answer (tokens)",
  },
  wrongPrice: "Enter an amount such as 0.25, with at most six decimals.",
  wrongCount: {
    batch_percent: "Enter a whole number from 1 to 100.",
    context_tokens: "Enter a whole number above 0.",
    max_output_tokens: "Enter a whole number above 0.",
  },
  coordinates: "Coordinates",
  systems: {
    pixel_xyxy: "Pixels: x1, y1, x2, y2",
    server_pixel_xyxy: "Pixels after the server’s resize",
    norm1000_xyxy: "0 to 1000: x1, y1, x2, y2",
    norm1000_yxyx: "0 to 1000: y1, x1, y2, x2",
    norm1_xyxy: "0 to 1: x1, y1, x2, y2",
    norm1_xywh: "0 to 1: x, y, width, height",
  } satisfies Record<BoxCoordinates, string>,
  systemNotes: {
    pixel_xyxy: "Corners in pixels of the image as it is sent.",
    server_pixel_xyxy: "Corners in pixels after the server has rounded the sides to multiples of 28.",
    norm1000_xyxy: "Corners in thousandths of the sides, from left and top.",
    norm1000_yxyx: "Corners in thousandths of the sides, each from top and left.",
    norm1_xyxy: "Corners in fractions of the sides.",
    norm1_xywh: "The top left corner and the extent, in fractions of the sides.",
  } satisfies Record<BoxCoordinates, string>,
  reset: "Use built-in values",
  resetAll: "Reset all",
  resetAllTitle: "Use the built-in prices again?",
  resetAllNote: (models: readonly string[]) =>
    `Your prices and limits of these models are removed: ${names(models, 8)}.`,
  import: "Import prices…",
  importTitle: (table: string) => `Import prices from ${table}`,
  importNote: "Nothing has been changed yet. Chosen models get these values.",
  nothingToImport: "No price or limit in this file differs from those in use.",
  changes: "Changes",
  changed: {
    input: "Input",
    output: "Output",
    cache_write5m: "Cache write, 5 min",
    cache_write1h: "Cache write, 1 hour",
    cache_read: "Cache read",
    batch_percent: "Batch",
    context_tokens: "Context",
    max_output_tokens: "Longest answer",
  } satisfies Record<PriceField, string>,
  change: ({ field, before, after }: PriceChange) => `${value(field, before)} → ${value(field, after)}`,
  skipped: "Cannot be imported",
  rest: (unchanged: number, unknown: number) =>
    `${count(unchanged)} ${unchanged === 1 ? "model is" : "models are"} the same in the file. ${count(unknown)} ${unknown === 1 ? "entry about another model is" : "entries about other models are"} ignored.`,
  own: {
    title: "Models of this server",
    longestEdge: "Longest edge",
    price: "Price",
    pixels: (pixels: number) => `${count(pixels)} px`,
    priceOf: (model: ModelSettings | null): string => {
      const [input, output] = [model?.input_dollars_per_million ?? null, model?.output_dollars_per_million ?? null];
      return input === null || output === null ? "unknown" : `${exactMoney(input)} in, ${exactMoney(output)} out`;
    },
    described: "Edited",
    noImages: "No images: not offered",
    refresh: "Refresh the server’s list",
    add: "Add a model",
    neverListed: "The server has not been asked for its models yet.",
    listed: (models: string, moment: string) => `${models} listed by the server, ${moment}`,
    addTitle: "Add a model",
    editTitle: "Describe the model",
    id: "Model",
    idNote: "As the server names it.",
    wrongId: "Enter a name that is not in the list yet.",
    name: "Name",
    images: "Looks at images",
    imagesNote: "A model that does not is not offered.",
    byName: "By the model’s name",
    byNameNote: "Follows from the family that the model’s name belongs to.",
    automatic: "Automatic",
    form: "Answers as JSON",
    formNote: "Automatic: the strictest form that the server does not refuse.",
    forms: {
      json_schema: "By JSON schema",
      json_object: "As a JSON object",
      prompt: "By prompt alone",
    } satisfies Record<AnswerForm, string>,
    sizes: {
      longest_edge: "Longest edge (pixels)",
      context_tokens: "Context (tokens)",
      max_output_tokens: "Longest answer (tokens)",
    },
    wrongSize: "Enter a whole number above 0, or empty.",
    prices: {
      input_dollars_per_million: "Input ($ per million)",
      output_dollars_per_million: "Output ($ per million)",
    },
    unknownPrice: "Unknown",
    priceNote: "Without both prices nothing is quoted, and a run takes no budget.",
    wrongPrice: "Enter both prices, such as 0.25 with at most six decimals, or neither.",
    remove: "Remove",
  },
  calibration: {
    action: "Calibrate…",
    actionOf: (model: string) => `Calibrate ${model}`,
    calibrate: "Calibrate this model",
    title: (model: string) => `Calibrate ${model}`,
    what: (pictures: number, host: string) =>
      `${count(pictures)} drawn pictures with known shapes are sent to ${host}, each once. None of your photos is sent.`,
    why: "The boxes of the answers are compared with the shapes in every coordinate system, so that boxes land where they belong.",
    cost: "Cost",
    costOf: ({ likely_dollars, at_most_dollars }: CalibrationPlan): string =>
      likely_dollars === null || at_most_dollars === null
        ? "Unknown: the model has no price"
        : `About ${money(likely_dollars)}, never above ${enoughMoney(at_most_dollars)}`,
    running: "Waiting for the answers",
    send: (pictures: string, { at_most_dollars }: CalibrationPlan) =>
      at_most_dollars === null
        ? `Send ${pictures} pictures`
        : `Send ${pictures} pictures, at most ${enoughMoney(at_most_dollars)}`,
    errors: "Errors by coordinate system",
    error: "Error",
    errorNote: "Mean distance of a corner, in percent of the side",
    overlap: "Overlap",
    overlapNote: "Mean intersection over union of the boxes and the shapes",
    percent: (percent: number) => `${decimal(percent)} %`,
    iou: (iou: number) => decimal(iou, 2),
    inUse: "In use",
    best: "Best",
    verdict: ({ verdict, coordinates }: Calibration, name: (system: BoxCoordinates) => string): string => {
      switch (verdict.kind) {
        case "clear":
          return verdict.system === coordinates
            ? "The coordinates in use are right for this model."
            : `This model answers in: ${name(verdict.system)}. It is asked in: ${name(coordinates)}.`;
        case "unclear":
          return "Unclear: no coordinate system is clearly the best. The model may place boxes poorly.";
        case "too_few":
          return "Unclear: too few shapes were found.";
        case "not_measured":
          return `Not measured: ${visible(verdict.reason)}`;
      }
    },
    applied: (system: string) => `From now on the model is asked in: ${system}.`,
    apply: "Use the best",
    picture: (number: number, { width, height }: PixelSize) =>
      `Picture ${count(number)}, ${count(width)} × ${count(height)}`,
    found: (answered: number, shapes: number) => `${count(answered)} of ${count(shapes)} shapes`,
    paid: ({ paid_dollars, possibly_billed }: Calibration): string => {
      const paid = paid_dollars === null ? "The model has no price." : `Paid: ${money(paid_dollars)}.`;
      return possibly_billed === 0
        ? paid
        : `${paid} ${count(possibly_billed)} without a reported usage may have been billed as well.`;
    },
  },
  local: {
    get title() {
      return here("Running on this machine", "Running on the server");
    },
    runs: (name: string, models: number) =>
      `${name} is running ${here("here", "on the server")} with ${models === 1 ? "1 model" : `${count(models)} models`}`,
    use: "Use",
    useOf: (name: string) => `Use ${name}`,
  },
  importModels: (models: number) => (models === 1 ? "Import 1 model" : `Import ${count(models)} models`),
};
