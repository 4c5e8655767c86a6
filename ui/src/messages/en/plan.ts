import type {
  AnswerBasis,
  Attribute,
  CalendarDate,
  CostBasis,
  CostRange,
  Destination,
  Dollars,
  EndpointLimit,
  EndpointConnection,
  Unavailable,
  ModelId,
  PlannedRequests,
  Preset,
  PriceSource,
  PromptCaching,
  RunMode,
  SentSize,
  ShapeKind,
  UnsupportedCapability,
  TimeBasis,
} from "../../api/bindings";
import type { PaceName } from "../../plan/pace.svelte";
import {
  count,
  date,
  dayOfYear,
  decimal,
  duration,
  enoughMoney,
  exactMoney,
  likelyMoney,
  money,
  names,
  pixels,
} from "../format";
import { here } from "../place.svelte";
import { savings } from "./savings";

const images = (number: number) => `${count(number)} ${number === 1 ? "image" : "images"}`;

const notInBatches = "Not in batches: an image of this recipe may take several requests";

const shapes: Record<ShapeKind, string> = {
  box: "Box",
  point: "Point",
  polygon: "Polygon",
  image_tag: "Image tag",
  caption: "Caption",
};

/** Both ranges, apart: "likely $0.31–0.54, never above $1.10". */
const likelyAndBound = (cost: CostRange) => `likely ${likelyMoney(cost)}, never above ${enoughMoney(cost.at_most)}`;

/** A price per million tokens, never broken across lines. */
const rate = (perMillion: Dollars) => `${money(perMillion)}\u00a0/\u00a0M`;

/** Of a model server. */
const sameMachine = () => here("a server on this machine", "a model server on the same machine");

export const plan = {
  scope: {
    title: "Images",
    all: (number: number) => `All images (${count(number)})`,
    collection: (name: string, number: number) => `${name} (${count(number)})`,
    selected: (number: number) => `Selected in the library (${count(number)})`,
    /** Chosen for the plan, and no longer what is selected. */
    listed: (number: number) => `Chosen for this plan (${count(number)})`,
  },
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
      case "several_of":
        return `several of ${count(kind.options.length)}`;
      case "yes_no":
        return "yes or no";
    }
  },
  findThese: "Find these objects",
  findPlaceholder: "cat, cup, traffic light",
  findNote: "Names separated by commas. They become your own recipe.",
  save: "Save as recipe",
  quoteFor: (number: number) => `Quote for ${images(number)}`,
  sizesNote: "sizes after resize",
  pricesNote: (of: CalendarDate) => `prices as of ${date(of)}`,
  quoting: "Measuring these images",
  noQuote: "There is no quote for these images.",
  quoteFailed: "These images could not be quoted",
  quoteFailedNote: "Nothing was sent, and nothing is charged.",
  noRecipe: "Enter what to find first",
  noRecipeNote: "There is no recipe yet. Enter names of objects, such as: cat, cup, traffic light.",
  toRecipe: "Enter what to find",
  noneChosen: "No images are selected",
  noneChosenNote: "Choose a collection or images in the library.",
  get quotingNote() {
    return `A few of these images are annotated to measure the speed of ${here("this machine", "the server")}.`;
  },
  model: "Model",
  likely: "Likely",
  likelyNote: "Nine runs in ten end in this range",
  expected: "Expected",
  bound: "Never above",
  boundNote: "Holds even if every answer reaches its limit and every retry is billed",
  range: "Range",
  tokens: "Tokens",
  tokensNote: "Tokens of one image, on average",
  noTokens: "none",
  time: "Time",
  /** In place of a price. */
  unpriced: { no_price: "no price", now_only: "live only", unsupported: "no estimate" },
  unpricedNotes: {
    no_price: "No price is known for this model",
    now_only: "This model is not available in batches",
    unsupported: "This model cannot run the recipe",
  },
  afterRun: "unknown",
  afterRunNote: "Known after this model has annotated some images",
  batchTime: "within 24 h",
  batchTimeNote: "The vendor processes it within 24 hours",
  mode: "Mode",
  modes: { live: "Live", batch: "Batch" } satisfies Record<RunMode, string>,
  modePrice: ({ expected }: CostRange) => money(expected),
  get thisMachine() {
    return here("this machine", "the server");
  },
  unsupportedRecipe: "cannot run this recipe",
  modelHost: (host: string, isOnThisMachine: boolean) => (isOnThisMachine ? `${host}, ${sameMachine()}` : host),
  models: (number: number) => `${count(number)} models`,
  showModels: (number: number) => `Show ${count(number)} models`,
  hideModels: "Hide models",
  retires: (day: CalendarDate, isRetired: boolean) =>
    isRetired ? `Retired ${dayOfYear(day)}` : `Retires ${dayOfYear(day)}`,
  retiresNote: (day: CalendarDate, successor: ModelId | null) =>
    `From ${date(day)} it is no longer available${successor === null ? "" : `; use ${successor}`}`,
  /** Beside a model that can still be chosen. */
  retired: (day: CalendarDate, successor: ModelId | null) =>
    `Retired on ${date(day)}: its server will probably refuse requests. ${successor === null ? "Choose a newer model." : `Use ${successor}.`}`,
  /** Where a price is from, unless it is built in. */
  priceSource: (source: PriceSource): string | null => {
    switch (source.kind) {
      case "catalogue":
        return null;
      case "user":
        return "your price";
      case "imported":
        return `price from ${source.table}`;
    }
  },
  oldPrices: "These prices are old and may no longer be right. Compare them with the vendor’s.",
  fixedLabels: (labels: number) => `${count(labels)} labels`,
  fixedLabelsNote: "It detects only these labels",
  /** Why a model is unavailable. */
  unavailable: (unavailable: Unavailable): string => {
    switch (unavailable.kind) {
      case "no_key":
        return `A key is needed for ${unavailable.host}`;
      case "local_only":
        return `Everything is locked to ${here("this machine", "the server")}`;
      case "unusable":
        return `Unavailable: ${unavailable.detail}`;
    }
  },
  envFileUnused: "The working folder has a .env file that is not used yet.",
  reviewEnvFile: "Review the file",
  /** The action for an unavailable model. */
  unavailableAction: {
    no_key: "Enter a key",
    local_only: "Unlock in Settings",
    unusable: "Open Settings",
  },
  /** A generic name gets an article; a proper name does not. */
  theModel: (name: string) =>
    name.startsWith("Built-in") ? `The ${name.charAt(0).toLowerCase()}${name.slice(1)}` : name,
  unsupported: (modelName: string, unsupported: UnsupportedCapability): string => {
    switch (unsupported.kind) {
      case "unknown_labels":
        return `${modelName} does not know: ${names(unsupported.labels, 8)}`;
      case "no_known_label":
        return `${modelName} knows none of these labels`;
      case "attributes": {
        const many = unsupported.names.length;
        const what = `${count(many)} ${unsupported.are_required ? "required " : ""}${many === 1 ? "attribute" : "attributes"}`;
        return `${what} cannot be filled by this model: ${names(unsupported.names, 8)}`;
      }
      case "too_many_optional_attributes":
        return `${modelName} supports at most ${count(unsupported.limit)} optional attributes; this recipe has ${count(unsupported.count)}`;
      case "shapes":
      case "some_shapes":
        return `Not supported by this model: ${names(unsupported.shapes.map((shape) => shapes[shape].toLowerCase()))}`;
      case "examples":
        return unsupported.count === 1
          ? "This model is not shown the example of the recipe"
          : `This model is not shown the ${count(unsupported.count)} examples of the recipe`;
      case "example_photos":
        return `Photos of examples cannot be used: ${names(unsupported.details, 3)}`;
      case "check":
        return `${modelName} cannot check what it found in a second request; none is sent`;
      case "batches":
        return notInBatches;
    }
  },
  timeTitle: "Time estimate",
  timeNote: "earliest finish",
  timeFormula: (number: number, each: string, atOnce: number) =>
    `Answers, ${count(number)} × ${each}, ${count(atOnce)} in parallel`,
  batchTimeBasis: "The vendor processes the batches within 24 hours, at half the price.",
  timeBasis: (basis: TimeBasis): string =>
    basis.kind === "earlier_run"
      ? `Based on an earlier run of this model here, over ${images(basis.images)}.`
      : `Measured just now on ${count(basis.images)} of these images; the answers were discarded.`,
  /** The limit that determines the speed. */
  limitedBy: ({ unit, limit }: EndpointLimit): string => {
    const most = count(Math.round(limit));
    switch (unit) {
      case "requests":
        return `Limited to ${most} requests per minute`;
      case "tokens":
        return `Limited to ${most} tokens per minute`;
      case "input_tokens":
        return `Limited to ${most} input tokens per minute`;
      case "output_tokens":
        return `Limited to ${most} output tokens per minute`;
      case "in_flight":
        return `Limited to ${most} requests in parallel`;
    }
  },
  timeUnknown: "The speed of this model is known after it has annotated some images.",
  sizes: "Sizes of the images",
  otherSizes: "other sizes",
  get leavesMachine() {
    return here("What leaves this machine", "What leaves the server");
  },
  get nothingLeaves() {
    return here("Nothing leaves this machine", "Nothing leaves the server");
  },
  get nothingLeavesNote() {
    return here("The model runs here. Originals are only read.", "The model runs there. Originals are only read.");
  },
  sentTo: (number: number, edge: number | null, { name, is_on_this_machine }: Extract<Destination, { kind: "host" }>) =>
    [
      `${count(number)} ${number === 1 ? "JPEG" : "JPEGs"}`,
      ...(edge === null ? [] : [`${count(edge)} px at most`]),
      `to ${name}${is_on_this_machine ? `, ${sameMachine()}` : ""}`,
    ].join(", "),
  sentToEndpoints: (further: readonly EndpointConnection[]) =>
    `and, through your additional endpoints, to ${names(further.map(({ name, host }) => `${name} (${host})`))}`,
  sentExamples: (number: number) =>
    number === 1 ? "1 example photo with each image" : `${count(number)} example photos with each image`,
  sentText: "Label names, definitions, instructions",
  showPrompt: "Show the exact prompt",
  promptTitle: "Exact prompt",
  promptNote: "Sent with every image, exactly as shown.",
  agree: {
    title: (number: number, host: string) => `Send ${images(number)} to ${host}?`,
    cost: (cost: CostRange) =>
      `Billed to the account of the key: about ${money(cost.expected)}, ${likelyAndBound(cost)}.`,
    get note() {
      return `You are asked once per host. In Settings, Privacy you can revoke this or lock everything to ${here("this machine", "the server")}.`;
    },
    send: (number: number, host: string) => `Send ${images(number)} to ${host}`,
    notNow: "Not now",
  },
  images: {
    title: "Images to send",
    answered: (answered: number, total: number, ignoresSavedAnswers: boolean) =>
      `${count(answered)} of ${count(total)} have saved answers: ${ignoresSavedAnswers ? "billed again" : "not billed again"}`,
    ignoreSavedAnswers: "Ignore saved answers",
    similar: (followers: number) =>
      followers === 1
        ? "Skip 1 near-duplicate (copy annotations from a similar image)"
        : `Skip ${count(followers)} near-duplicates (copy annotations from a similar image)`,
  },
  concurrency: {
    advanced: "Advanced",
    title: "Concurrency",
    auto: "Automatic",
    inShort: (number: number | null) => (number === null ? "automatic concurrency" : `${count(number)} in parallel`),
    note: "Empty: set automatically, and lowered when the server asks for it.",
    invalid: "The concurrency is not valid.",
  },
  pace: {
    title: "Pace",
    names: { auto: "Auto", small: "Small", medium: "Medium", large: "Large" } satisfies Record<PaceName, string>,
    own: "Custom values.",
    autoNote: "As fast as the server allows.",
    note: (atOnce: number, pauseMillis: number, millis: number | null) =>
      `${count(atOnce)} in parallel, with a pause of ${count(pauseMillis)} ms${millis === null ? "" : `: about ${duration(millis)}`}.`,
    meantFor: {
      small: "Meant for 5 to 10 images.",
      medium: "Meant for 10 to 50 images.",
      large: "Meant for 50 images and more.",
    } satisfies Record<Preset, string>,
    suggestion: (name: string) => `Suggested for this number of images: ${name}.`,
    pause: "Pause between requests (ms)",
    none: "none",
    pauseRange: (most: number) => `Enter a whole number of milliseconds up to ${count(most)}.`,
    pauseInvalid: "The pause is not valid.",
    maxTokens: "Max output tokens",
    maxTokensNote: "Empty: the model’s default. A lower value caps the cost but may cut answers off.",
    maxTokensRange: (least: number, most: number) => `Enter a whole number from ${count(least)} to ${count(most)}.`,
    maxTokensInvalid: "Max output tokens is not valid.",
  },
  month: {
    left: (spent: Dollars, cap: Dollars, reserved: Dollars, left: Dollars) =>
      `This month: ${money(spent)} of ${exactMoney(cap)} spent over all runs${reserved > 0 ? `, up to ${enoughMoney(reserved)} reserved` : ""}, ${money(left)} left.`,
    mayStop: (bound: Dollars, left: Dollars) =>
      `The bound of ${enoughMoney(bound)} passes the ${money(left)} left, so the run may stop before its last image.`,
    stops: "The likely cost passes what is left, so the run will stop before its last image.",
  },
  savings,
  pilot: {
    /** Around the number: "Pilot on 8 images first". */
    before: "Pilot on",
    after: "images first",
    number: "Images of the pilot",
    note: "Those that differ most. Then a new estimate of the others, from what these cost.",
    all: "There are no more images than that, so there is no pilot.",
    annotate: (number: number, cost: string | null) =>
      `Annotate ${count(number)} first${cost === null ? "" : `, ${cost}`}`,
  },
  budget: {
    title: "Budget cap",
    none: "no cap",
    noneNote: "Without a cap, the run continues to its last image.",
    note: (cap: Dollars) =>
      `The worst case is reserved before each request, so the run stops before it could exceed ${exactMoney(cap)}.`,
    tooSmall: (cap: Dollars, dearest: Dollars) =>
      `${exactMoney(cap)} is too low for a single image; the most expensive can cost ${enoughMoney(dearest)}.`,
    noPrice: "This model has no price, so a cap cannot be enforced. Clear the field to run without one.",
    invalid: "The budget cap is not valid.",
    beyond: (cap: Dollars) => `More than your cap of ${exactMoney(cap)}`,
    red: "Red",
    mayStop: "It is below the maximum cost, so the run may stop before its last image.",
    stopsAfter: (number: number, of: number) =>
      `It is below the likely range: the run will stop after about ${count(number)} of ${images(of)}.`,
    batches: (batches: number) =>
      `It splits the run into about ${count(batches)} batches, one after another; each may take up to a day.`,
    redNote: (cap: Dollars) =>
      ` marks your cap of ${exactMoney(cap)}. If the bound is beyond it, the run may stop early.`,
  },
  get staysHere() {
    return `${here("Stays here", "Stays on the server")}: originals, file names, EXIF, location`;
  },
  cost: "Cost",
  costRange: likelyAndBound,
  sent: ({ size, count: number, image_tokens }: SentSize) =>
    `${count(number)} at ${pixels(size)}: ${count(image_tokens)} each`,
  sentOthers: "Other sizes",
  requestsTitle: "Requests",
  notInBatches,
  sentParts: "Other sizes, tiles and second requests",
  /** Only where an image takes more than one. */
  requests: ({ total, most_per_image, images_with_larger_tiles }: PlannedRequests, asked: number) =>
    [
      `${count(total)} requests: ${decimal(total / asked)} per image, at most ${count(most_per_image)}`,
      ...(images_with_larger_tiles > 0
        ? [`${images(images_with_larger_tiles)} with larger tiles than the recipe says, as there would be too many`]
        : []),
    ].join("; "),
  imageTokens: ({ image_tokens, input_dollars_per_million: perMillion }: CostBasis) =>
    `${count(image_tokens)} image tokens at ${rate(perMillion)}`,
  textTokens: ({ text_tokens }: CostBasis) => `Prompt text: ${count(text_tokens)}`,
  answerTokens: ({ answer_tokens, output_dollars_per_million: perMillion }: CostBasis) =>
    `Answers: ${count(answer_tokens)} at ${rate(perMillion)}`,
  answerBasis: (basis: AnswerBasis) =>
    basis.kind === "assumed"
      ? `The length of answers is assumed: ${count(basis.annotations)} annotations per image, no thinking.`
      : basis.kind === "other_recipes"
        ? `The length of answers is estimated from ${images(basis.images)} with other recipes.`
        : basis.checks > 0
          ? `Based on earlier runs: ${images(basis.images)} took ${count(basis.requests)} requests, ${count(basis.checks)} of them to check what was found.`
          : basis.requests > basis.images
            ? `Based on earlier runs: ${images(basis.images)} took ${count(basis.requests)} requests, including repeats of cut-off answers.`
            : `The answer length is the average of ${images(basis.images)} in earlier runs.`,
  caching: ({ instruction_tokens: tokens, least_tokens: least, is_used }: PromptCaching) => {
    const instructions = `The instructions (about ${count(tokens)} tokens)`;
    if (is_used) return `${instructions} are cached: one request goes first, the others read the cache.`;
    if (tokens >= least) return `${instructions} are counted in full for every request.`;
    return `${instructions} are under the ${count(least)} that this model needs to cache them: every request is billed for them in full.`;
  },
  /** Where the vendor publishes no rule. */
  assumedImageTokens:
    "The image tokens of this model are assumed, because the vendor publishes no rule for it: a run may cost more than this, and more than its budget.",
  liveTotal: "Expected, live",
  batchTotal: "Batch, half price",
  highNote: ({ answer_tokens_limit: usual, longer_answer_tokens_limit: longer, retries }: CostBasis) =>
    longer > usual
      ? `Never above: every answer is cut off at ${count(usual)} tokens and requested again with up to ${count(longer)}, and each retry (${count(retries)} per image) is billed too.`
      : `Never above: every answer reaches its limit of ${count(usual)} tokens, and each retry (${count(retries)} per image) is billed too.`,
  highNoteInBatches: ({ answer_tokens_limit: limit }: CostBasis) =>
    `Never above: every answer reaches its limit of ${count(limit)} tokens.`,
  get free() {
    return here("Runs on this machine", "Runs on the server");
  },
  allAnswered: "All answers are saved: nothing is sent",
  noPriceNote: "No price is known for this model.",
  annotate: (number: number, cost: string | null) => `Annotate ${images(number)}${cost === null ? "" : `, ${cost}`}`,
  /** Images to send, and reused answers. */
  annotateNew: (asked: number, reused: number, cost: string | null) =>
    asked === 0
      ? `Reuse ${count(reused)} ${reused === 1 ? "answer" : "answers"}, $0`
      : `Annotate ${count(asked)} new ${asked === 1 ? "image" : "images"}, ${count(reused)} reused${cost === null ? "" : `, ${cost}`}`,
  annotateNothing: "Annotate",
  about: (cost: string) => `about ${cost}`,
  takes: (time: string) => `about ${time}, runs in the background`,
  takesBatchTime: "within 24 h, runs in the background",
  noNeedToWait: "runs in the background",
  noImages: "No images to annotate yet",
  noImagesNote: "Add folders or the samples in the library first.",
  toLibrary: "Go to the library",
  chooseModel: "Choose a model.",
};
