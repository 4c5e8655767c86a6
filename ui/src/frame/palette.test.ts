import { describe, expect, it, vi } from "vitest";

import { App } from "../state/app.svelte";
import { coreOf } from "../../test/core";
import { frameCommands } from "./commands";
import { Palette } from "./palette.svelte";

async function opened(query = ""): Promise<{ app: App; palette: Palette; searchLibrary: ReturnType<typeof vi.fn> }> {
  const app = new App(await coreOf(query));
  await app.start();
  app.actions.offer(frameCommands(app, () => null));
  const searchLibrary = vi.fn();
  const showSmartCollection = vi.fn();
  const palette = new Palette(app, { planWith: () => {}, searchLibrary, showSmartCollection });
  await palette.open();
  return { app, palette, searchLibrary };
}

const names = (palette: Palette): string[] => palette.items.map(({ name }) => name);

describe("the command palette", () => {
  it("finds by letters in their order, whatever is between them", async () => {
    const { palette } = await opened();
    palette.type("go hist");
    expect(names(palette)[0]).toBe("Go to history");
    palette.type("museum");
    expect(names(palette)[0]).toBe("Museum shelves");
    palette.type("run 2");
    expect(names(palette)[0]).toMatch(/^Run 2: /);
  });

  it("offers the actions of the screen that shows, and does them", async () => {
    const { app, palette } = await opened();
    const plan = vi.fn();
    const leave = app.actions.offer({ "library.plan": plan });
    const offered = (): string[] =>
      palette.groups.filter(({ name }) => name === "here").flatMap(({ items }) => items.map(({ name }) => name));
    expect(offered()).toContain("Plan a run");
    palette.items[0]?.take();
    expect(plan).toHaveBeenCalledOnce();
    leave();
    expect(offered()).not.toContain("Plan a run");
  });

  it("knows images that were looked at, and leaves the others to the library's search", async () => {
    const { app, palette, searchLibrary } = await opened();
    const imageIds = vi.spyOn(app.core, "imageIds");
    app.recent.note({ id: 7, name: "dahlia_0007.jpg" });
    palette.type("dahlia");
    expect(names(palette)).toEqual(["dahlia_0007.jpg", "Search the library for “dahlia”"]);
    palette.items.at(-1)?.take();
    expect(searchLibrary).toHaveBeenCalledWith("dahlia");
    expect(imageIds).not.toHaveBeenCalled();
  });

  it("finds the labels of the library", async () => {
    const { palette, searchLibrary } = await opened();
    palette.type("cu");
    await expect.poll(() => palette.groups.find(({ name }) => name === "labels")?.items[0]?.name).toBe("label:cup");
    palette.groups.find(({ name }) => name === "labels")?.items[0]?.take();
    expect(searchLibrary).toHaveBeenCalledWith("label:cup");
  });

  it("goes round at its ends", async () => {
    const { palette } = await opened();
    palette.move(-1);
    expect(palette.active).toBe(palette.items.length - 1);
    palette.move(1);
    expect(palette.active).toBe(0);
  });
});
