import { describe, expect, it } from "vitest";

import type { Settings } from "../api/bindings";
import { App } from "../state/app.svelte";
import { coreOf } from "../../test/core";
import { runRow, settingsPages } from "./pages";
import { ConnectionSettings, providerState } from "./provider.svelte";
import { providerGroups } from "./providerRows";
import { type Control, SETTINGS_PAGES, type SettingRow } from "./rows";

async function opened(query = "images=0"): Promise<App> {
  const app = new App(await coreOf(query));
  await app.start();
  return app;
}

/** Saves through a number's control, and waits until it is stored. */
async function saveNumber(app: App, { control }: SettingRow, count: number | null): Promise<Settings> {
  if (control.kind !== "number") throw new Error(`a ${control.kind} is no number`);
  control.save(count);
  await expect.poll(() => app.core.settings()).toEqual(app.settings.current);
  return app.settings.current;
}

const valueOf = ({ control }: { control: Control }) => ("value" in control ? control.value : null);

it("saves a number, and empties a field back to what usually holds", async () => {
  const app = await opened();
  const row = () => runRow(app, "retry_attempts");
  expect(valueOf(row())).toBeNull();
  expect((await saveNumber(app, row(), 5)).run?.retry_attempts).toBe(5);
  expect(valueOf(row())).toBe(5);
  expect((await saveNumber(app, row(), null)).run?.retry_attempts).toBe(3);
  expect(valueOf(row())).toBeNull();
  const { control } = runRow(app, "task_timeout_ms");
  expect(control).toMatchObject({ kind: "number", least: 1000, most: 3_600_000 });
});

it("has a page for each entry of the sidebar, and no id twice", async () => {
  const app = await opened("priced&key");
  const pages = settingsPages(app, () => null);
  expect(Object.keys(pages)).toEqual([...SETTINGS_PAGES]);
  const ids = Object.values(pages).flatMap(({ content }) =>
    "groups" in content ? content.groups().flatMap(({ rows }) => rows.map(({ id }) => id)) : [],
  );
  expect(new Set(ids).size).toBe(ids.length);
});

describe("a provider", () => {
  const rowOf = (app: App, id: string): SettingRow => {
    const connection = app.connections.overview?.connections[0];
    if (!connection) throw new Error("there is no connection");
    const rows = providerGroups(app, connection, new ConnectionSettings(app, "anthropic")).flatMap((each) => each.rows);
    const row = rows.find((each) => each.id === `anthropic-${id}`);
    if (!row) throw new Error(`there is no row ${id}`);
    return row;
  };

  it("has a name, a price and a concurrency of its own", async () => {
    const app = await opened("priced&key");
    const { control } = rowOf(app, "name");
    if (control.kind === "text") control.save("Work account");
    await expect.poll(() => app.connections.settingsOf("anthropic").name).toBe("Work account");
    await saveNumber(app, rowOf(app, "percent"), 90);
    await saveNumber(app, rowOf(app, "concurrency"), 6);
    await saveNumber(app, rowOf(app, "limit-requests"), 50);
    expect(app.connections.settingsOf("anthropic")).toMatchObject({
      name: "Work account",
      price_percent: 90,
      concurrency: 6,
      limits: { requests: 50 },
    });
    expect((await saveNumber(app, rowOf(app, "percent"), null)).providers?.[0]?.price_percent).toBe(100);
    if (control.kind === "text") control.save("");
    await expect.poll(() => app.connections.settingsOf("anthropic").name).toBeNull();
  });

  it("leaves the concurrency of the environment to it", async () => {
    const app = await opened("priced&environment");
    expect(rowOf(app, "concurrency").control).toEqual({ kind: "value", text: "4" });
  });

  it("is ready with a key, and wants attention where something is wrong", async () => {
    const app = await opened("priced");
    const state = () => app.connections.overview?.connections.map(providerState);
    // The server of one's own has no address yet.
    expect(state()).toEqual(["none", "none", "none", "none", "none"]);
    const [connection] = app.connections.overview?.connections ?? [];
    expect(connection && providerState({ ...connection, problem: "nonsense: not an address" })).toBe("caution");
    const withKey = await opened("priced&key");
    expect(withKey.connections.overview?.connections.map(providerState)).toEqual([
      "good",
      "none",
      "none",
      "none",
      "none",
    ]);
  });
});
