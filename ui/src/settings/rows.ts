/** Settings as data: a page is a list of rows, and a row is a label, a control and a note. */
import type { LucideProps } from "@lucide/svelte";
import type { Component } from "svelte";

import { MAX_AT_ONCE, MIN_AT_ONCE } from "../components/typedCount";
import { words } from "../messages";
import { count } from "../messages/format";

/** A page of the settings, in the order of the sidebar. */
export const SETTINGS_PAGES = [
  "providers",
  "models",
  "requests",
  "import",
  "hooks",
  "database",
  "privacy",
  "appearance",
  "keyboard",
  "library",
  "about",
] as const;
export type SettingsPageId = (typeof SETTINGS_PAGES)[number];

/** What other screens lead to: a page, or a setting on one. */
export type SettingsPart = SettingsPageId | "language";

export function pageOf(part: SettingsPart): SettingsPageId {
  return part === "language" ? "appearance" : part;
}

export function pageTitle(page: SettingsPageId): string {
  const { settings: said } = words;
  const titles: Record<SettingsPageId, string> = {
    providers: said.providers,
    models: words.models.title,
    requests: said.requests,
    import: said.importing,
    hooks: words.hooks.title,
    database: words.database.title,
    privacy: said.privacy,
    appearance: said.appearance,
    keyboard: words.actions.keyboard.title,
    library: words.storage.title,
    about: said.about,
  };
  return titles[page];
}

export interface Choice {
  value: string;
  name: string;
}

export type Control =
  | { kind: "switch"; isOn: boolean; save: (isOn: boolean) => void }
  | { kind: "choice"; value: string; options: readonly Choice[]; save: (value: string) => void }
  /** An empty field is saved as null. */
  | {
      kind: "number";
      value: number | null;
      placeholder: string;
      least: number;
      most: number;
      wrong: string;
      save: (count: number | null) => void;
    }
  | { kind: "text"; value: string; placeholder: string; save: (text: string) => void }
  /** Only read. */
  | { kind: "value"; text: string }
  | { kind: "button"; text: string; press: () => void }
  /** `field`: the id of its field, if it has one. */
  | { kind: "custom"; component: Component; field?: string };

export interface SettingRow {
  /** Of its control; the note is `{id}-note`. */
  id: string;
  label: string;
  note: string;
  control: Control;
}

export interface SettingGroup {
  /** Empty for the only group of a page. */
  title: string;
  note: string;
  rows: readonly SettingRow[];
}

export interface SettingsPage {
  icon: Component<LucideProps>;
  /** Rows, or a component where the settings of a page are no list of rows. */
  content:
    | { groups: () => readonly SettingGroup[] }
    /** With `hasTitle` it shows the title itself and scrolls by itself. */
    | { component: Component; hasTitle?: true };
}

/** A field for a maximum of requests in flight; read-only when the environment says it. */
export function concurrencyControl(
  value: number | null,
  placeholder: string,
  isOurs: boolean,
  save: (concurrency: number | null) => void,
): Control {
  if (!isOurs) return { kind: "value", text: value === null ? placeholder : count(value) };
  const wrong = words.settings.concurrencyRange(MIN_AT_ONCE, MAX_AT_ONCE);
  return { kind: "number", value, placeholder, least: MIN_AT_ONCE, most: MAX_AT_ONCE, wrong, save };
}
