import type {
  AnswerBasis,
  Attribute,
  CalendarDate,
  CostBasis,
  CostRange,
  Destination,
  FurtherConnection,
  Hindrance,
  PicoDollars,
  Preset,
  PromptCaching,
  RunMode,
  SentSize,
  ShapeKind,
  Shortfall,
  TimeBasis,
} from "../../ipc/bindings";
import type { PaceName } from "../../plan/pace.svelte";
import { count, date, dayOfYear, duration, enoughMoney, exactMoney, money, names, pixels } from "../format";

const images = (number: number) => `${count(number)} ${number === 1 ? "image" : "images"}`;

const shapes: Record<ShapeKind, string> = {
  box: "Box",
  point: "Point",
  polygon: "Polygon",
  image_tag: "Image tag",
  caption: "Caption",
};

/** A price a million tokens, never broken across lines. */
const rate = (perMillion: PicoDollars) => `${money(perMillion)}\u00a0/\u00a0M`;

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
  sizesNote: "sizes after resize",
  pricesNote: (of: CalendarDate) => `prices as of ${date(of)}`,
  quoting: "Measuring these images",
  noQuote: "There is no quote for these images.",
  quoteFailed: "These images could not be quoted",
  quoteFailedNote: "Nothing was sent, and nothing is charged.",
  noRecipe: "Say what to find first",
  noRecipeNote: "There is no recipe yet. Type the names of things, such as: cat, cup, traffic light.",
  toRecipe: "Type what to find",
  noneChosen: "No images are chosen",
  noneChosenNote: "What was chosen is empty by now. Choose another collection or other images in the library.",
  undoDelete: "Undo",
  quotingNote: "A few of them are tried, to know the pace of this machine.",
  model: "Model",
  low: "Low",
  expected: "Expected",
  high: "High",
  range: "Range",
  tokens: "Tokens",
  tokensNote: "Tokens of one image, on average",
  noTokens: "none",
  time: "Time",
  /** In place of a price. */
  unpriced: { no_price: "no price", now_only: "now only" },
  unpricedNotes: {
    no_price: "Nobody has told a price for this model",
    now_only: "This model is not offered overnight",
  },
  afterRun: "after a run",
  afterRunNote: "Known once this model has annotated some images",
  night: "within 24 h",
  nightNote: "The vendor works on it within 24 hours",
  mode: "When",
  modes: { live: "Now", overnight: "Overnight" } satisfies Record<RunMode, string>,
  modePrice: ({ expected }: CostRange) => money(expected),
  thisMachine: "this machine",
  cannotRun: "cannot run this",
  at: (host: string, isOnThisMachine: boolean) => (isOnThisMachine ? `${host}, a server on this machine` : host),
  models: (number: number) => `${count(number)} models`,
  retires: (day: CalendarDate) => `Retires ${dayOfYear(day)}`,
  retiresNote: (day: CalendarDate) => `From ${date(day)} its server no longer answers for it`,
  closed: (labels: number) => `${count(labels)} labels`,
  closedNote: "It knows these names and no others",
  /** Why a model cannot be used, in a few words. */
  hindrance: (hindrance: Hindrance): string => {
    switch (hindrance.kind) {
      case "no_key":
        return `Claude needs a key for ${hindrance.host}`;
      case "local_only":
        return "Everything is locked to this machine";
      case "unusable":
        return `Not usable now: ${hindrance.detail}`;
      case "retired":
        return `Retired on ${date(hindrance.on)}: nobody answers for it any more. Choose a newer one.`;
    }
  },
  /** The way out of a hindrance; a retired model has none. */
  wayOut: {
    no_key: "Enter a key",
    local_only: "Unlock in Settings",
    unusable: "Open Settings",
  },
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
      case "too_many_optional_attributes":
        return `${modelName} takes ${count(shortfall.limit)} optional attributes at most; this recipe has ${count(shortfall.count)}`;
      case "shapes":
        return `Not drawn by this model: ${names(shortfall.shapes.map((shape) => shapes[shape].toLowerCase()))}`;
    }
  },
  timeTitle: "What sets the time",
  timeNote: "a run cannot end before this",
  timeSum: (number: number, each: string, atOnce: number) =>
    `Answers, ${count(number)} × ${each}, ${count(atOnce)} at once`,
  timeNight: "The vendor works on the batches within 24 hours, at half the price.",
  timeBasis: (basis: TimeBasis): string =>
    basis.kind === "earlier_run"
      ? `The pace is that of an earlier run of this model here, over ${images(basis.images)}.`
      : `The pace was measured just now on ${count(basis.images)} of these images; the answers were thrown away.`,
  timeUnknown: "The pace of this model is known once it has annotated some images.",
  sizes: "Sizes of the images",
  otherSizes: "other sizes",
  leaves: "What leaves this machine",
  leavesNothing: "Nothing leaves this machine",
  leavesNothingNote: "The model runs here. Originals are only read.",
  leavesTo: (
    number: number,
    edge: number | null,
    { name, is_on_this_machine }: Extract<Destination, { kind: "host" }>,
  ) =>
    [
      `${count(number)} ${number === 1 ? "JPEG" : "JPEGs"}`,
      ...(edge === null ? [] : [`${count(edge)} px at most`]),
      `to ${name}${is_on_this_machine ? ", a server on this machine" : ""}`,
    ].join(", "),
  leavesFurther: (further: readonly FurtherConnection[]) =>
    `and, by your further routes, to ${names(further.map(({ name, host }) => `${name} (${host})`))}`,
  leavesText: "Label names, definitions, instructions",
  readWords: "Read the exact words",
  wordsTitle: "The words that go along",
  wordsNote: "With every image, word for word.",
  agree: {
    title: (number: number, host: string) => `Send ${images(number)} to ${host}?`,
    cost: (low: PicoDollars, expected: PicoDollars, high: PicoDollars) =>
      `The owner of the key pays about ${money(expected)}: ${money(low)} at least, ${enoughMoney(high)} at most, retries aside.`,
    note: "You are asked once for each server. Settings, Privacy takes that back, or locks everything to this machine.",
    send: (number: number, host: string) => `Send ${images(number)} to ${host}`,
    notNow: "Not now",
  },
  which: {
    title: "Which images are asked about",
    answered: (answered: number, total: number, asksAnew: boolean) =>
      `${count(answered)} of ${count(total)} answered before: ${asksAnew ? "paid again" : "not paid again"}`,
    askAnew: "Ask anew about every image",
    similar: (followers: number) =>
      followers === 1
        ? "1 of these looks like another: ask about one of each group and offer its marks to the others"
        : `${count(followers)} of these look like another: ask about one of each group and offer its marks to the others`,
  },
  atOnce: {
    advanced: "Advanced",
    title: "Images at once",
    auto: "auto",
    inShort: (number: number | null) => `${number === null ? "auto" : count(number)} at once`,
    note: "Empty: Fieldmark finds out how many go well, and goes slower when the server asks for it.",
    hinders: "The number of images at once needs another value.",
  },
  pace: {
    title: "Pace",
    names: { auto: "Auto", small: "Small", medium: "Medium", large: "Large" } satisfies Record<PaceName, string>,
    own: "Your own numbers.",
    autoNote: "As fast as the server takes it.",
    note: (atOnce: number, pauseMillis: number, millis: number | null) =>
      `${count(atOnce)} at once, a pause of ${count(pauseMillis)} ms${millis === null ? "" : `: about ${duration(millis)}`}.`,
    meantFor: {
      small: "Meant for 5 to 10 images.",
      medium: "Meant for 10 to 50 images.",
      large: "Meant for 50 images and more.",
    } satisfies Record<Preset, string>,
    suggestion: (name: string) => `For this number of images, the preset is ${name}.`,
    pause: "Pause between them, ms",
    none: "none",
    pauseRange: (most: number) => `A whole number of milliseconds up to ${count(most)}.`,
    pauseHinders: "The pause needs another value.",
    maxTokens: "Longest answer, tokens",
    maxTokensNote: "Empty: as the model usually needs. Shorter caps the cost and may cut answers off.",
    maxTokensRange: (least: number, most: number) => `A whole number from ${count(least)} to ${count(most)}.`,
    maxTokensHinders: "The longest answer needs another value.",
  },
  budget: {
    title: "Budget cap",
    none: "no cap",
    noneNote: "Without one, the run goes on to its last image.",
    note: (cap: PicoDollars) =>
      `Worst case is set aside before each request, so the run stops before it could pass ${exactMoney(cap)}.`,
    tooSmall: (cap: PicoDollars, dearest: PicoDollars) =>
      `Not one image could be sent under ${exactMoney(cap)}; the dearest can cost ${enoughMoney(dearest)}.`,
    noPrice: "This model has no price, so no run of it can keep to a cap. Clear the field to go without one.",
    hinders: "The budget cap needs another number.",
    beyond: (cap: PicoDollars) => `More than your cap of ${exactMoney(cap)}`,
    red: "Red",
    redNote: (cap: PicoDollars) =>
      ` is your cap, ${exactMoney(cap)}. Where a range crosses it, the run may stop there.`,
  },
  stays: "Stays here: originals, file names, EXIF, place",
  cost: "Cost",
  costRange: (low: PicoDollars, high: PicoDollars) => `low ${money(low)}, high ${money(high)}`,
  sent: ({ size, count: number, image_tokens }: SentSize) =>
    `${count(number)} at ${pixels(size)}: ${count(image_tokens)} each`,
  sentOthers: "In other sizes",
  imageTokens: ({ image_tokens, input_per_million }: CostBasis) =>
    `${count(image_tokens)} image tokens at ${rate(input_per_million)}`,
  textTokens: ({ text_tokens }: CostBasis) => `Instructions, question: ${count(text_tokens)}`,
  answerTokens: ({ answer_tokens, output_per_million }: CostBasis) =>
    `Answers: ${count(answer_tokens)} at ${rate(output_per_million)}`,
  answerBasis: (basis: AnswerBasis) =>
    basis.kind === "assumed"
      ? `The length of answers is assumed: ${count(basis.marks)} marks an image, no thinking.`
      : `Answers are as long as ${images(basis.images)} had on average before.`,
  caching: ({ instruction_tokens: tokens, least_tokens: least, is_used }: PromptCaching) => {
    const instructions = `The instructions (about ${count(tokens)} tokens)`;
    if (is_used) return `${instructions} are kept between requests: one goes first, the others read what it left.`;
    if (tokens >= least) return `${instructions} are not kept between requests: every request pays for them in full.`;
    return `${instructions} are under the ${count(least)} from which this model keeps them: every request pays for them in full.`;
  },
  sumNow: "Expected, were it now",
  sumNight: "Overnight, half of that",
  highNote: (limit: number) => `High means every answer reaches its limit of ${count(limit)} tokens.`,
  free: "It runs on this machine",
  allAnswered: "Every answer is there already: nothing is asked",
  noPriceNote: "Nobody has told a price for this model.",
  annotate: (number: number, cost: string | null) => `Annotate ${images(number)}${cost === null ? "" : `, ${cost}`}`,
  annotateNothing: "Annotate",
  about: (cost: string) => `about ${cost}`,
  takes: (time: string) => `about ${time}, no need to wait`,
  takesNight: "within 24 hours, the window may be closed",
  canBeLeft: "no need to wait",
  noImages: "No images to annotate yet",
  noImagesNote: "Add folders or the samples in the library first.",
  toLibrary: "Go to the library",
  chooseModel: "Choose a model.",
  deleted: (name: string) => `Recipe deleted: ${name}`,
};
