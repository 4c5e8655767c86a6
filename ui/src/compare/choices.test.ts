import { describe, expect, it } from "vitest";

import type { Annotation, ComparedAnnotation, ComparedPair, AnnotationChange, Status, Step } from "../api/bindings";
import {
  type Choice,
  choiceOf,
  type Compared,
  isRejected,
  movesFor,
  movesForAgreed,
  type Sides,
  undecided,
  withMoves,
  withStep,
} from "./choices";

const RUNS: Sides = { first: { kind: "run", run: 2 }, second: { kind: "run", run: 1 } };
const WITH_PEOPLE: Sides = { first: { kind: "run", run: 2 }, second: { kind: "decided" } };

const rect = { x1: 0, y1: 0, x2: 10, y2: 10 };
const said = { color: 1, shape: { kind: "box", rect }, confidence: 0.9, attributes: {} } as const;

function onImage(id: number, label: string, status: Status, isOwn = false): Annotation {
  const origin = isOwn ? ({ kind: "person" } as const) : ({ kind: "run", run: 2 } as const);
  return { ...said, id, label, status, origin, propagated_from: null, reject_reason: null };
}

function seen(label: string, annotation: number | null = null): ComparedAnnotation {
  return { ...said, label, annotation, status: null };
}

function pair(first: ComparedAnnotation | null, second: ComparedAnnotation | null): ComparedPair {
  if (first === null || second === null)
    return { agreement: first === null ? "only_second" : "only_first", first, second, iou: 0 };
  return { agreement: first.label === second.label ? "agreed" : "relabelled", first, second, iou: 0.8 };
}

function compared(pairs: ComparedPair[], annotations: Annotation[], sides = RUNS): Compared {
  const card: Compared["card"] = {
    id: 7,
    name: "a.jpg",
    size: { width: 100, height: 100 },
    review: "unreviewed",
    taken: null,
    is_annotated: true,
    is_running: false,
    failure: null,
    annotations,
  };
  return { sides, card, pairs, passed: new Set() };
}

const changes = (image: Compared, choice: Choice, place = 0): AnnotationChange[] =>
  movesFor(image, place, choice).map(({ change }) => change);

const accept = (id: number): AnnotationChange => ({ kind: "decide", id, verdict: { kind: "accept" } });
const reject = (id: number, reason: "wrong_label" | "not_there" | "duplicate" | null): AnnotationChange => ({
  kind: "decide",
  id,
  verdict: { kind: "reject", reason },
});
const content = (label: string) => ({ label, shape: said.shape, attributes: {} });
const adopt = (run: number, label: string): AnnotationChange => ({
  kind: "adopt",
  run,
  content: content(label),
  confidence: 0.9,
});

describe("where two runs name one thing differently", () => {
  const bothThere = compared(
    [pair(seen("cat", 1), seen("dog", 2))],
    [onImage(1, "cat", "proposed"), onImage(2, "dog", "proposed")],
  );
  const oneThere = compared([pair(seen("cat", 1), seen("dog"))], [onImage(1, "cat", "proposed")]);

  it.each<[Choice, AnnotationChange[]]>([
    ["first", [accept(1), reject(2, "wrong_label")]],
    ["second", [reject(1, "wrong_label"), accept(2)]],
    ["both", [accept(1), accept(2)]],
    ["neither", [reject(1, null), reject(2, null)]],
  ])("taking %s decides both annotations on the image", (choice, expected) => {
    expect(changes(bothThere, choice)).toEqual(expected);
  });

  it.each<[Choice, AnnotationChange[]]>([
    ["first", [accept(1)]],
    ["second", [reject(1, "wrong_label"), adopt(1, "dog")]],
    ["both", [accept(1), adopt(1, "dog")]],
    ["neither", [reject(1, null)]],
  ])("taking %s adopts what is not on the image", (choice, expected) => {
    expect(changes(oneThere, choice)).toEqual(expected);
  });

  it.each<Choice>(["first", "second", "both", "neither"])("%s is what was chosen from then on", (choice) => {
    for (const image of [bothThere, oneThere]) {
      const chosen = withMoves(image, movesFor(image, 0, choice));
      expect(choiceOf(chosen, 0)).toBe(choice);
      expect(undecided(chosen)).toEqual([]);
      expect(changes(chosen, choice)).toEqual([]);
    }
  });

  it("can be decided the other way afterwards", () => {
    const first = withMoves(oneThere, movesFor(oneThere, 0, "second"));
    expect(changes(first, "first")).toEqual([accept(1), reject(-2, "wrong_label")]);
    expect(choiceOf(withMoves(first, movesFor(first, 0, "first")), 0)).toBe("first");
  });

  it("is open while one of the two is", () => {
    const half = compared(
      [pair(seen("cat", 1), seen("dog", 2))],
      [onImage(1, "cat", "accepted"), onImage(2, "dog", "proposed")],
    );
    expect(choiceOf(half, 0)).toBeNull();
  });
});

describe("what only one of them saw", () => {
  const proposed = compared([pair(seen("cat", 1), null)], [onImage(1, "cat", "proposed")]);
  const absent = compared([pair(null, seen("cup"))], []);

  it.each<[Choice, AnnotationChange[]]>([
    ["first", [accept(1)]],
    ["second", [reject(1, "not_there")]],
    ["neither", [reject(1, "not_there")]],
    ["both", []],
  ])("is there or not: %s", (choice, expected) => expect(changes(proposed, choice)).toEqual(expected));

  it("is adopted, or left out without a trace in the library", () => {
    expect(changes(absent, "second")).toEqual([adopt(1, "cup")]);
    expect(changes(absent, "neither")).toEqual([]);
    expect(choiceOf(absent, 0)).toBeNull();
    expect(choiceOf({ ...absent, passed: new Set([0]) }, 0)).toBe("neither");
  });
});

describe("beside what people decided", () => {
  it("an annotation of their own goes when it is not taken, and comes back when it is after all", () => {
    const own = compared([pair(null, seen("cup", 5))], [onImage(5, "cup", "accepted", true)], WITH_PEOPLE);
    expect(choiceOf(own, 0)).toBe("second");
    expect(changes(own, "first")).toEqual([{ kind: "remove", id: 5 }]);
    const gone = withMoves(own, movesFor(own, 0, "first"));
    expect(choiceOf(gone, 0)).toBe("neither");
    expect(changes(gone, "second")).toEqual([{ kind: "add", content: content("cup") }]);
  });

  it("a run's annotation that they renamed is one annotation, and says one thing", () => {
    const image = compared([pair(seen("cat", 1), seen("dog", 1))], [onImage(1, "dog", "edited")], WITH_PEOPLE);
    expect(choiceOf(image, 0)).toBe("second");
    expect(isRejected(image, 0, "first")).toBe(true);
    expect(changes(image, "second")).toEqual([]);
    expect(changes(image, "first")).toEqual([{ kind: "change", id: 1, content: content("cat") }]);
    expect(changes(image, "both")).toEqual([]);
    expect(choiceOf(withMoves(image, movesFor(image, 0, "first")), 0)).toBe("first");
    expect(changes(image, "neither")).toEqual([reject(1, null)]);
  });
});

describe("what both agree on", () => {
  const agreed = (...annotations: Annotation[]) => compared([pair(seen("cat", 1), seen("cat", 2))], annotations);
  const moves = (image: Compared) => movesForAgreed(image).map(({ change }) => change);

  it("is accepted once, and never against a person's word", () => {
    const [one, other] = [onImage(1, "cat", "proposed"), onImage(2, "cat", "proposed")];
    expect(moves(agreed(one))).toEqual([accept(1)]);
    expect(moves(agreed(other))).toEqual([accept(2)]);
    expect(moves(agreed(one, other))).toEqual([accept(1), reject(2, "duplicate")]);
    expect(moves(agreed(one, onImage(2, "cat", "accepted")))).toEqual([reject(1, "duplicate")]);
    expect(moves(agreed(one, onImage(2, "cat", "rejected")))).toEqual([]);
    expect(moves(agreed())).toEqual([]);
  });

  it("leaves differences alone", () => {
    expect(movesForAgreed(compared([pair(seen("cat", 1), null)], [onImage(1, "cat", "proposed")]))).toEqual([]);
  });
});

it("links what was adopted with the number that the core gave it", () => {
  const image = compared([pair(seen("cat", 1), seen("dog"))], [onImage(1, "cat", "proposed")]);
  const moves = movesFor(image, 0, "second");
  const annotations = [onImage(1, "cat", "rejected"), onImage(31, "dog", "accepted")];
  const step: Step = { id: 1, image: { ...image.card, annotations }, annotations: [1, 31], others: 0 };
  const after = withStep(image, moves, step);
  expect(after.pairs[0]?.second?.annotation).toBe(31);
  expect(choiceOf(after, 0)).toBe("second");
  // Undone: the image is as before, and the choice is open again.
  expect(choiceOf({ ...after, card: image.card }, 0)).toBeNull();
});
