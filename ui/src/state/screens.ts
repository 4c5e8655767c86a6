/**
 * The screens of the window, one line each. The title bar, the shortcuts, the command palette and the screen that is
 * restored at the next start follow from this table. Names are in the catalogue (`screens`), components in `components.ts`.
 */
import type { Chord } from "./actions/chords";

interface ScreenEntry {
  /** The shortcuts. Without them there is no action, and only other screens lead there. */
  keys?: readonly Chord[];
  /** Listed in the title bar. */
  isInTitleBar?: true;
}

/** In the order of the title bar and of the command palette. */
export const SCREENS = {
  library: { keys: ["Mod+1"], isInTitleBar: true },
  plan: { keys: ["Mod+2"], isInTitleBar: true },
  run: { keys: ["Mod+3"], isInTitleBar: true },
  review: { keys: ["Mod+4"], isInTitleBar: true },
  history: { keys: ["Mod+5"], isInTitleBar: true },
  compare: { keys: ["Mod+6"] },
  evaluate: { keys: ["Mod+7"] },
  spend: { keys: ["Mod+8"] },
  audit: {},
  recipe: {},
  settings: { keys: ["Mod+,"] },
} as const satisfies Record<string, ScreenEntry>;

export type Screen = keyof typeof SCREENS;
type ScreenWith<Part extends keyof ScreenEntry> = {
  [Each in Screen]: (typeof SCREENS)[Each] extends Record<Part, unknown> ? Each : never;
}[Screen];
/** A screen that an action leads to. */
export type ReachableScreen = ScreenWith<"keys">;
/** An action that leads to a screen. */
export type ScreenAction = `everywhere.${ReachableScreen}`;

const IDS = Object.keys(SCREENS) as Screen[];
const REACHABLE = IDS.filter((screen): screen is ReachableScreen => "keys" in SCREENS[screen]);
export const IN_TITLE_BAR = IDS.filter(
  (screen): screen is ScreenWith<"isInTitleBar"> => "isInTitleBar" in SCREENS[screen],
);

/** Whether this is the name of a screen that an action leads to; only those are restored at the next start. */
export function isReachable(name: unknown): name is ReachableScreen {
  return REACHABLE.some((screen) => screen === name);
}

/** Makes a value for each action that leads to a screen. */
export function forScreenActions<Made>(make: (screen: ReachableScreen) => Made): Record<ScreenAction, Made> {
  const made = REACHABLE.map((screen) => [`everywhere.${screen}`, make(screen)] as const);
  return Object.fromEntries(made) as Record<ScreenAction, Made>;
}

/** The names alone of a catalogue's `screens`. */
export function namesOf(said: Record<Screen, { name: string }>): Record<Screen, string> {
  const names = IDS.map((screen) => [screen, said[screen].name] as const);
  return Object.fromEntries(names) as Record<Screen, string>;
}
