import { expect, it } from "vitest";

import { openFake } from "../ipc/fake";
import { App } from "../state/app.svelte";
import { RunTuning } from "./run.svelte";

it("saves a number, refuses what is none, and empties a field back to what usually holds", async () => {
  const app = new App(openFake("?images=0"));
  await app.start();
  const tuning = new RunTuning(app);
  expect(tuning.text("retry_attempts")).toBe("");
  await tuning.save("retry_attempts", "5");
  expect([tuning.text("retry_attempts"), app.settings.run?.retry_attempts]).toEqual(["5", 5]);
  await tuning.save("task_timeout_ms", "900");
  expect([tuning.wrong, app.settings.run?.task_timeout_ms]).toEqual(["task_timeout_ms", 60_000]);
  await tuning.save("retry_attempts", "");
  expect([tuning.wrong, tuning.text("retry_attempts"), app.settings.run?.retry_attempts]).toEqual([null, "", 3]);
});
