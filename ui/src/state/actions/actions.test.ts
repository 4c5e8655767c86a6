import { beforeEach, describe, expect, it, vi } from "vitest";

import { Actions } from "./actions.svelte";
import { belongsToControl, chordOf } from "./chords";
import { Keymap } from "./keymap.svelte";
import { PRESET_NAMES } from "./presets";
import { ACTION_IDS, entryOf } from "./table";

interface Press {
  key: string;
  ctrlKey?: boolean;
  shiftKey?: boolean;
  altKey?: boolean;
  metaKey?: boolean;
  code?: string;
  repeat?: boolean;
  isAltGraph?: boolean;
}

function press({ isAltGraph = false, ...keys }: Press): KeyboardEvent {
  const plain = { ctrlKey: false, shiftKey: false, altKey: false, metaKey: false, code: "", repeat: false };
  return { ...plain, ...keys, getModifierState: () => isAltGraph } as unknown as KeyboardEvent;
}

describe("a chord", () => {
  it.each([
    [{ key: "a" }, "A"],
    [{ key: "N", shiftKey: true }, "Shift+N"],
    [{ key: "k", ctrlKey: true }, "Mod+K"],
    [{ key: "?", shiftKey: true }, "?"],
    [{ key: " " }, "Space"],
    [{ key: "+", ctrlKey: true, shiftKey: true }, "Mod++"],
    [{ key: "ArrowRight", ctrlKey: true }, "Mod+ArrowRight"],
    [{ key: "ф", code: "KeyA" }, "A"],
    [{ key: "ñ", code: "Semicolon" }, "Ñ"],
    [{ key: "@", ctrlKey: true, altKey: true, isAltGraph: true }, "@"],
    [{ key: "Shift", shiftKey: true }, null],
    [{ key: "l", metaKey: true }, null],
  ])("of %j is %s", (keys, chord) => expect(chordOf(press(keys))).toBe(chord));
});

it.each([
  ["A", { tagName: "INPUT", type: "text" }, true],
  ["A", { tagName: "INPUT", type: "radio" }, false],
  ["ArrowDown", { tagName: "INPUT", type: "radio" }, true],
  ["Mod+A", { tagName: "INPUT", type: "search" }, true],
  ["Mod+K", { tagName: "INPUT", type: "search" }, false],
  ["Space", { tagName: "BUTTON" }, true],
  ["Mod+Enter", { tagName: "BUTTON" }, false],
  ["Space", { tagName: "DIV" }, false],
])("%s in %j is the control's: %s", (chord, focused, belongs) =>
  expect(belongsToControl(chord, focused as unknown as EventTarget)).toBe(belongs),
);

describe("the keys that are given", () => {
  it.each(PRESET_NAMES)("of %s mean one action each", (preset) => {
    const keymap = new Keymap();
    keymap.choose(preset);
    expect(keymap.conflicts).toEqual([]);
  });

  it.each(PRESET_NAMES)("of %s leave nothing without a key that has one otherwise", (preset) => {
    const keymap = new Keymap();
    keymap.choose(preset);
    const lost = ACTION_IDS.filter((id) => entryOf(id).keys.length > 0 && keymap.keysOf(id).length === 0);
    expect(lost).toEqual([]);
  });
});

describe("a key that is bound", () => {
  let keymap: Keymap;
  beforeEach(() => void (keymap = new Keymap()));

  it("tells which two actions it would do, until one of them gives it up", () => {
    keymap.bind("review.skip", "A");
    expect(keymap.conflicts).toEqual([{ chord: "A", first: "review.accept", second: "review.skip" }]);
    keymap.release("review.accept", "A");
    expect(keymap.conflicts).toEqual([]);
    expect(keymap.actionsOf("A")).toEqual(["review.skip", "audit.right", "compare.agreed"]);
    expect(keymap.keysOf("review.accept")).toEqual([]);
  });

  it("does not apply on another screen unless it is for all of them", () => {
    keymap.bind("library.open", "A");
    expect(keymap.conflicts).toEqual([]);
    keymap.bind("everywhere.tour", "A");
    expect(keymap.conflicts.map(({ second, first }) => [first, second])).toEqual([
      ["everywhere.tour", "library.open"],
      ["everywhere.tour", "review.accept"],
      ["everywhere.tour", "audit.right"],
      ["everywhere.tour", "compare.agreed"],
    ]);
  });

  it("goes with another preset, and back to the preset's when it is reset", () => {
    keymap.choose("labelme");
    keymap.bind("review.accept", "W");
    keymap.reset("review.accept");
    expect(keymap.keysOf("review.accept")).toEqual(["E"]);
    keymap.bind("review.accept", "W");
    keymap.choose("fieldmark");
    expect(keymap.keysOf("review.accept")).toEqual(["A"]);
  });
});

describe("a press", () => {
  it("does the first action that can be done, and says when there is none", () => {
    const actions = new Actions();
    const accept = vi.fn();
    const takeBack = actions.offer({ "review.accept": { do: accept, can: () => true } });
    expect(actions.press(press({ key: "a" }))).toBe(true);
    expect(accept).toHaveBeenCalledOnce();
    expect(actions.press(press({ key: "s" }))).toBe(false);
    takeBack();
    expect(actions.press(press({ key: "a" }))).toBe(false);
  });

  it("that is held decides once, and moves on and on", () => {
    const actions = new Actions();
    const [accept, next] = [vi.fn(), vi.fn()];
    actions.offer({ "review.accept": accept, "review.nextAnnotation": next });
    for (const key of ["a", "n"]) {
      actions.press(press({ key }));
      expect(actions.press(press({ key, repeat: true }))).toBe(true);
    }
    expect(accept).toHaveBeenCalledTimes(1);
    expect(next).toHaveBeenCalledTimes(2);
  });

  it("means what the screen that shows now offers, though the one before goes later", () => {
    const actions = new Actions();
    const [old, present] = [vi.fn(), vi.fn()];
    const goOld = actions.offer({ "plan.start": old });
    actions.offer({ "plan.start": present });
    goOld();
    actions.do("plan.start");
    expect([old.mock.calls.length, present.mock.calls.length]).toEqual([0, 1]);
  });
});
