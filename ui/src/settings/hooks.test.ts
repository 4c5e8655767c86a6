import { describe, expect, it } from "vitest";

import type { HookEvent } from "../api/bindings";
import { App } from "../state/app.svelte";
import { coreOf } from "../../test/core";
import { HookSettings } from "./hooks.svelte";

async function opened(query = ""): Promise<{ app: App; hooks: HookSettings; agreed: [HookEvent, string][] }> {
  const app = new App(await coreOf(query));
  await app.start();
  const agreed: [HookEvent, string][] = [];
  const { agreeToHook } = app.core;
  app.core.agreeToHook = (event, command) => {
    agreed.push([event, command]);
    return agreeToHook(event, command);
  };
  const hooks = new HookSettings(app);
  await hooks.load();
  return { app, hooks, agreed };
}

describe("hooks", () => {
  it("are saved only once the person has agreed to exactly their text", async () => {
    const { app, hooks, agreed } = await opened();
    hooks.type("after_run", "  ./note.sh ");
    await hooks.save();
    expect(hooks.asked).toEqual([{ event: "after_run", command: "./note.sh" }]);
    hooks.decline();
    expect([app.settings.current.hooks?.after_run, agreed.length, hooks.isChanged]).toEqual([null, 0, true]);

    await hooks.save();
    await hooks.agree();
    expect(agreed).toEqual([["after_run", "./note.sh"]]);
    expect(app.settings.current.hooks?.after_run).toBe("./note.sh");
    expect([hooks.isChanged, hooks.standing("after_run")?.is_agreed]).toEqual([false, true]);
  });

  it("are asked about again when their text changes, and not when something else does", async () => {
    const { app, hooks } = await opened("hooks");
    hooks.type("before_run", "");
    hooks.seconds = "60";
    await hooks.save();
    expect(hooks.asked).toEqual([]);
    expect(app.settings.current.hooks).toMatchObject({ before_run: null, timeout_seconds: 60 });
    hooks.type("after_run", `${hooks.command("after_run")} --urgent`);
    await hooks.save();
    expect(hooks.asked.map(({ event }) => event)).toEqual(["after_run"]);
  });

  it("that came by another way wait for the person's word", async () => {
    const { hooks, agreed } = await opened("hooks");
    expect([hooks.awaits("before_run"), hooks.awaits("after_run"), hooks.awaits("on_failure")]).toEqual([
      true,
      false,
      false,
    ]);
    hooks.ask("before_run");
    await hooks.agree();
    expect(agreed).toEqual([["before_run", "./warm-up.sh"]]);
    expect(hooks.awaits("before_run")).toBe(false);
  });

  it("are shown once the settings are there, and what is typed stays when these change", async () => {
    const app = new App(await coreOf("hooks"));
    const hooks = new HookSettings(app);
    expect(hooks.command("before_run")).toBe("");
    await Promise.all([app.start(), hooks.load()]);
    expect(hooks.command("before_run")).toBe("./warm-up.sh");
    expect([hooks.isChanged, hooks.awaits("before_run")]).toEqual([false, true]);

    hooks.type("before_run", "./other.sh");
    const before = app.settings.current;
    const saved = { ...before.hooks, before_run: null, on_failure: "./tell.sh", timeout_seconds: 45 };
    await app.core.changeSettings(before, { ...before, hooks: saved });
    await app.settings.refresh();
    expect(["before_run", "on_failure"].map((event) => hooks.command(event as HookEvent))).toEqual([
      "./other.sh",
      "./tell.sh",
    ]);
    expect(hooks.seconds).toBe("45");
    hooks.discard();
    expect([hooks.command("before_run"), hooks.isChanged]).toEqual(["", false]);
  });

  it("take no time limit that is none", async () => {
    const { app, hooks } = await opened();
    for (const wrong of ["0", "601", "soon", ""]) {
      hooks.seconds = wrong;
      await hooks.save();
      expect([hooks.areSecondsWrong, app.settings.current.hooks?.timeout_seconds]).toEqual([true, 30]);
    }
  });

  it("are filled in for Claude Flow, and shown before anything is saved", async () => {
    const { app, hooks } = await opened();
    await hooks.fillInClaudeFlow();
    expect(hooks.command("before_run")).toContain("hooks pre-task");
    expect(app.settings.current.hooks?.before_run).toBeNull();
    await hooks.save();
    expect(hooks.asked.map(({ event }) => event)).toEqual(["before_run", "after_run"]);
  });
});
