/** The pages of the settings and their rows. A page is added here and in `SETTINGS_PAGES`. */
import Coins from "@lucide/svelte/icons/coins";
import Database from "@lucide/svelte/icons/database";
import Info from "@lucide/svelte/icons/info";
import Download from "@lucide/svelte/icons/import";
import HardDrive from "@lucide/svelte/icons/hard-drive";
import Keyboard from "@lucide/svelte/icons/keyboard";
import Palette from "@lucide/svelte/icons/palette";
import Play from "@lucide/svelte/icons/play";
import Plug from "@lucide/svelte/icons/plug";
import ShieldCheck from "@lucide/svelte/icons/shield-check";
import Webhook from "@lucide/svelte/icons/webhook";

import type { Installation, Theme } from "../api/bindings";
import { words } from "../messages";
import { count } from "../messages/format";
import { LANGUAGES, language, type LanguageChoice } from "../messages/language.svelte";
import type { App } from "../state/app.svelte";
import AgreedHosts from "./AgreedHosts.svelte";
import DatabaseSection from "./DatabaseSection.svelte";
import HooksSection from "./HooksSection.svelte";
import KeyboardSection from "./KeyboardSection.svelte";
import MonthlyCap from "./MonthlyCap.svelte";
import PricesPage from "./models/PricesPage.svelte";
import { isOurs } from "./provider.svelte";
import ProvidersPage from "./ProvidersPage.svelte";
import StorageSection from "./StorageSection.svelte";
import {
  concurrencyControl,
  type Control,
  type SettingGroup,
  type SettingRow,
  type SettingsPage,
  type SettingsPageId,
} from "./rows";
import { RUN_SETTING_NAMES, RUN_SETTINGS, type RunSettingName } from "./run";

/** In MB, as the settings file allows it. */
const MIN_MEMORY = 64;
const MAX_MEMORY = 1_000_000;

/** Every page, from the state of the window; `installation` is null until it is known. */
export function settingsPages(app: App, installation: () => Installation | null): Record<SettingsPageId, SettingsPage> {
  const { settings: said } = words;
  const only = (rows: readonly SettingRow[], note = ""): SettingGroup[] => [{ title: "", note, rows }];
  const path = (id: string, label: string, note: string, text: string | undefined): SettingRow => ({
    id,
    label,
    note,
    control: { kind: "value", text: text ?? "" },
  });
  return {
    providers: { icon: Plug, content: { component: ProvidersPage, hasTitle: true } },
    models: { icon: Coins, content: { component: PricesPage, hasTitle: true } },
    requests: {
      icon: Play,
      content: {
        groups: () => [
          {
            title: "",
            note: said.requestsNote,
            rows: [concurrencyRow(app), ...RUN_SETTING_NAMES.map((name) => runRow(app, name))],
          },
          {
            title: said.month.title,
            note: "",
            rows: [
              {
                id: "monthly-cap",
                label: said.month.cap,
                note: said.month.note(app.month.current),
                control: { kind: "custom", component: MonthlyCap, field: "monthly-cap" },
              },
            ],
          },
          {
            title: said.metrics,
            note: "",
            rows: [
              {
                id: "metrics-file",
                label: said.writesMetrics,
                note: said.metricsNote,
                control: {
                  kind: "switch",
                  isOn: app.settings.current.writes_metrics ?? false,
                  save: (writes_metrics) => void app.settings.save({ writes_metrics }),
                },
              },
              path("metrics-path", said.pages.metricsFile, "", installation()?.metrics_file),
            ],
          },
        ],
      },
    },
    import: { icon: Download, content: { groups: () => only(importRows(app)) } },
    hooks: { icon: Webhook, content: { component: HooksSection } },
    database: { icon: Database, content: { component: DatabaseSection } },
    privacy: { icon: ShieldCheck, content: { groups: () => only(privacyRows(app)) } },
    appearance: { icon: Palette, content: { groups: () => only(appearanceRows(app)) } },
    keyboard: {
      icon: Keyboard,
      content: { component: KeyboardSection },
    },
    library: {
      icon: HardDrive,
      content: { component: StorageSection },
    },
    about: {
      icon: Info,
      content: { groups: () => only(aboutRows(app, installation())) },
    },
  };
}

function concurrencyRow(app: App): SettingRow {
  const { settings: said } = words;
  const source = app.connections.overview?.concurrency_from ?? "default";
  const value = app.connections.overview?.concurrency ?? null;
  const save = (concurrency: number | null) =>
    void app.settings.save({ run: { ...app.settings.current.run, concurrency } });
  return {
    id: "requests-concurrency",
    label: said.concurrency,
    note: `${said.concurrencyNote} ${said.source(source, "CONCURRENCY")}`.trim(),
    control: concurrencyControl(value, said.foundOut, isOurs(source), save),
  };
}

/** A setting of how models elsewhere are called; its field is empty where the usual value holds. */
export function runRow(app: App, name: RunSettingName): SettingRow {
  const { title, note, usual: placeholder } = words.settings.run[name];
  const { least, most, usual } = RUN_SETTINGS[name];
  const value = app.settings.current.run?.[name] ?? null;
  return {
    id: `requests-${name}`,
    label: title,
    note,
    control: {
      kind: "number",
      value: value === usual ? null : value,
      placeholder,
      least,
      most,
      wrong: words.settings.wholeNumber(least, most),
      save: (typed) => void app.settings.save({ run: { ...app.settings.current.run, [name]: typed ?? usual } }),
    },
  };
}

function importRows(app: App): SettingRow[] {
  const { settings: said } = words;
  const save = (changed: object) => void app.settings.save({ import: { ...app.settings.current.import, ...changed } });
  return [
    {
      id: "import-leftovers",
      label: said.includesLeftovers,
      note: said.includesLeftoversNote,
      control: {
        kind: "switch",
        isOn: app.settings.current.import?.includes_leftovers ?? false,
        save: (includes_leftovers) => save({ includes_leftovers }),
      },
    },
    {
      id: "decoding-memory",
      label: said.decodingMemory,
      note: said.decodingMemoryNote,
      control: {
        kind: "number",
        value: app.settings.current.import?.decoding_memory_mb ?? null,
        placeholder: said.automatic,
        least: MIN_MEMORY,
        most: MAX_MEMORY,
        wrong: said.wholeNumber(MIN_MEMORY, MAX_MEMORY),
        save: (decoding_memory_mb) => save({ decoding_memory_mb }),
      },
    },
  ];
}

function privacyRows(app: App): SettingRow[] {
  const { settings: said } = words;
  const lock: SettingRow = {
    id: "privacy-lock",
    label: said.localOnly,
    note: said.localOnlyNote,
    control: {
      kind: "switch",
      isOn: app.settings.current.is_local_only ?? false,
      save: (is_local_only) => void app.settings.save({ is_local_only }),
    },
  };
  if ((app.settings.current.agreed_hosts ?? []).length === 0) return [lock];
  const control: Control = { kind: "custom", component: AgreedHosts };
  return [lock, { id: "privacy-agreed", label: said.agreed, note: said.agreedNote, control }];
}

function appearanceRows(app: App): SettingRow[] {
  const { settings: said } = words;
  const themes = Object.entries(said.themes).map(([value, name]) => ({ value, name }));
  const choices: LanguageChoice[] = ["system", ...LANGUAGES];
  return [
    {
      id: "appearance-theme",
      label: said.theme,
      note: said.themeNote,
      control: {
        kind: "choice",
        value: app.settings.current.theme ?? "system",
        options: themes,
        save: (theme) => void app.settings.save({ theme: theme as Theme }),
      },
    },
    {
      id: "language",
      label: said.language,
      note: said.languageNote,
      control: {
        kind: "choice",
        value: language.choice,
        options: choices.map((value) => ({ value, name: said.languages[value] })),
        save: (choice) => {
          // The screen is made anew in the other language, and begins where this was.
          app.navigation.showSettings("language");
          language.choose(choice as LanguageChoice);
        },
      },
    },
  ];
}

function aboutRows(app: App, installation: Installation | null): SettingRow[] {
  const { settings: said } = words;
  const value = (id: string, label: string, text: string, note = ""): SettingRow => ({
    id: `about-${id}`,
    label,
    note,
    control: { kind: "value", text },
  });
  return [
    value("version", said.version, installation?.version ?? ""),
    value("processors", said.processors, installation ? count(installation.processors) : ""),
    {
      id: "about-tour",
      label: words.tour.title,
      note: "",
      control: { kind: "button", text: words.actions.titles["everywhere.tour"], press: () => app.tour.begin() },
    },
    {
      id: "about-diagnostics",
      label: words.support.diagnostics,
      note: words.support.diagnosticsNote,
      control: { kind: "button", text: words.support.show, press: () => void app.support.open() },
    },
    value("privacy", said.privacy, said.privacyNote),
    value("licences", said.licences, said.licencesNote),
  ];
}
