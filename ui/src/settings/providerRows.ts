/** Settings of the connection to a provider that are plain values. */
import type { Connection } from "../api/bindings";
import { words } from "../messages";
import type { App } from "../state/app.svelte";
import { MAX_PERCENT, MIN_PERCENT } from "./endpoints.svelte";
import { LIMIT_NAMES, MAX_A_MINUTE } from "./limits";
import { type ConnectionSettings, isOurs } from "./provider.svelte";
import { concurrencyControl, type SettingGroup } from "./rows";

const LIST_PRICE_PERCENT = 100;

export function providerGroups(app: App, { provider }: Connection, connecting: ConnectionSettings): SettingGroup[] {
  const { settings: said } = words;
  const { id } = provider;
  const { set, limits } = connecting;
  const percent = set.price_percent ?? LIST_PRICE_PERCENT;
  const source = app.connections.overview?.concurrency_from ?? "default";
  return [
    {
      title: said.limits,
      note: said.limitsNote,
      rows: [
        ...LIMIT_NAMES.map((name) => ({
          id: `${id}-limit-${name}`,
          label: said.limitNames[name],
          note: "",
          control: {
            kind: "number" as const,
            value: limits[name] ?? null,
            placeholder: said.foundOut,
            least: 1,
            most: MAX_A_MINUTE,
            wrong: said.limitWrong,
            save: (typed: number | null) => void connecting.saveLimit(name, typed),
          },
        })),
        {
          id: `${id}-concurrency`,
          label: said.concurrency,
          note: isOurs(source) ? said.pages.concurrencyNote : said.source(source, "CONCURRENCY"),
          control: concurrencyControl(
            isOurs(source) ? (set.concurrency ?? null) : (app.connections.overview?.concurrency ?? null),
            said.foundOut,
            isOurs(source),
            (concurrency) => void connecting.save({ concurrency }),
          ),
        },
      ],
    },
    {
      title: said.pages.nameAndPrice,
      note: "",
      rows: [
        {
          id: `${id}-name`,
          label: said.endpointForm.name,
          note: said.endpointForm.nameNote,
          control: {
            kind: "text",
            value: set.name ?? "",
            placeholder: provider.name,
            save: (name) => void connecting.save({ name: name === "" ? null : name }),
          },
        },
        {
          id: `${id}-percent`,
          label: said.endpointForm.percent,
          note: said.pages.percentNote,
          control: {
            kind: "number",
            value: percent === LIST_PRICE_PERCENT ? null : percent,
            placeholder: String(LIST_PRICE_PERCENT),
            least: MIN_PERCENT,
            most: MAX_PERCENT,
            wrong: said.endpointForm.wrong.price_percent,
            save: (typed) => void connecting.save({ price_percent: typed ?? LIST_PRICE_PERCENT }),
          },
        },
      ],
    },
  ];
}
