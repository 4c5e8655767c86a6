import type { Attribute, Label, Recipe, SavedRecipe } from "../bindings";
import { refuse } from "./refuse";

/** What the built-in detector knows, in its own order. */
export const COCO_NAMES: readonly string[] = [
  "person",
  "bicycle",
  "car",
  "motorcycle",
  "airplane",
  "bus",
  "train",
  "truck",
  "boat",
  "traffic light",
  "fire hydrant",
  "stop sign",
  "parking meter",
  "bench",
  "bird",
  "cat",
  "dog",
  "horse",
  "sheep",
  "cow",
  "elephant",
  "bear",
  "zebra",
  "giraffe",
  "backpack",
  "umbrella",
  "handbag",
  "tie",
  "suitcase",
  "frisbee",
  "skis",
  "snowboard",
  "sports ball",
  "kite",
  "baseball bat",
  "baseball glove",
  "skateboard",
  "surfboard",
  "tennis racket",
  "bottle",
  "wine glass",
  "cup",
  "fork",
  "knife",
  "spoon",
  "bowl",
  "banana",
  "apple",
  "sandwich",
  "orange",
  "broccoli",
  "carrot",
  "hot dog",
  "pizza",
  "donut",
  "cake",
  "chair",
  "couch",
  "potted plant",
  "bed",
  "dining table",
  "toilet",
  "tv",
  "laptop",
  "mouse",
  "remote",
  "keyboard",
  "cell phone",
  "microwave",
  "oven",
  "toaster",
  "sink",
  "refrigerator",
  "book",
  "clock",
  "vase",
  "scissors",
  "teddy bear",
  "hair drier",
  "toothbrush",
];

export function paletteColor(index: number): number {
  return (index % 12) + 1;
}

export function colorOf(name: string): number {
  return paletteColor(Math.max(0, COCO_NAMES.indexOf(name)));
}

const label = (name: string, index: number, definition = ""): Label => ({
  name,
  definition,
  color: paletteColor(index),
  synonyms: [],
});

const required = (name: string, kind: Attribute["kind"]): Attribute => ({
  name,
  definition: "",
  kind,
  is_required: true,
});

const everydayObjects: Recipe = {
  name: "Everyday objects",
  labels: COCO_NAMES.map((name, index) => label(name, index)),
  shapes: ["box"],
  attributes: [],
  instructions:
    "Mark every visible object of these classes, partly hidden ones too. Do not mark reflections or pictures of objects.",
};

const birdVocabulary: Recipe = {
  name: "Bird vocabulary, Spanish and English",
  labels: [
    ["bird", "The whole bird"],
    ["beak", "Upper and lower bill"],
    ["eye", "The eye with its ring"],
    ["crest", "Raised feathers on the crown"],
    ["head", "Head without the beak"],
    ["throat", "Below the beak, above the breast"],
    ["breast", "Front of the body, throat to belly"],
    ["belly", "Underside between breast and tail"],
    ["wing", "One folded or spread wing"],
    ["tail", "Tail feathers"],
    ["leg", "Leg and foot"],
    ["plumage pattern", "Bars, spots, streaks or patches that tell the species"],
    ["colour patch", "An area whose colour tells the species"],
    ["behaviour", "What the bird does: flying, feeding, perching, singing, nesting"],
  ].map(([name, definition], index) => label(name ?? "", index, definition)),
  shapes: ["box"],
  attributes: [
    required("spanishTerm", { kind: "text" }),
    required("englishTerm", { kind: "text" }),
    required("type", { kind: "choice", options: ["anatomical", "behavioral", "color", "pattern"] }),
    required("difficulty", { kind: "number", min: 1, max: 5 }),
    required("pronunciation", { kind: "text" }),
  ],
  instructions:
    "Mark the features of each bird that a learner would point at and name. Prefer six to ten clear ones over many small ones; box each feature tightly.",
};

export class FakeRecipes {
  #saved: SavedRecipe[] = [everydayObjects, birdVocabulary].map((recipe, index) => ({
    id: index + 1,
    recipe,
    is_builtin: true,
    lineage: index + 1,
    version: 1,
    saved_at: null,
  }));
  #latest = 2;

  /** Runs of the past keep theirs. */
  forgetAll(): void {
    this.#saved = [];
  }

  all(): SavedRecipe[] {
    return [...this.#saved];
  }

  get(id: number): SavedRecipe {
    return this.#saved.find((saved) => saved.id === id) ?? refuse("library");
  }

  saveTyped(typed: string): SavedRecipe {
    const names: string[] = [];
    for (const part of typed.split(/[,;\n]/)) {
      const name = part.trim().replace(/\s+/g, " ");
      if (name !== "" && !names.some((known) => known.toLowerCase() === name.toLowerCase())) names.push(name);
    }
    if (names.length === 0) return refuse("nothing_to_find");
    const name = names.join(", ");
    const known = this.#saved.find((saved) => saved.recipe.name === name);
    if (known) return known;
    const recipe: Recipe = {
      name,
      labels: names.map((each, index) => label(each, index)),
      shapes: ["box"],
      attributes: [],
      instructions: "",
    };
    const id = ++this.#latest;
    const saved = { id, recipe, is_builtin: false, lineage: id, version: 1, saved_at: null };
    this.#saved.push(saved);
    return saved;
  }

  delete(id: number): void {
    if (this.get(id).is_builtin) refuse("library");
    this.#saved = this.#saved.filter((saved) => saved.id !== id);
  }
}
