import { describe, expect, it } from "vitest";

import { coreOf } from "../../test/core";
import type { RunState, RunSummary } from "../api/bindings";
import { words } from "../messages";
import { App } from "./app.svelte";

/** A window on a library with a batch run that began last night and is paused. */
async function opened(): Promise<App> {
  const app = new App(await coreOf("priced&key&batch"));
  await app.start();
  return app;
}

/** The batch run works, and then is in this state. */
async function worked(app: App, state: RunState): Promise<void> {
  const [run, ...others] = await app.core.runs();
  const latest = { ...(run as RunSummary), state };
  app.core.runs = () => Promise.resolve([latest, ...others]);
  const { id, destination, done: finished, total } = latest;
  app.activity.changed([{ run: id, destination, finished, total }]);
  app.activity.changed([]);
}

describe("a batch run", () => {
  it("is told of once it has ended, until that is put away", async () => {
    const app = await opened();
    expect(app.batchNotices.ended).toEqual([]);
    await worked(app, { kind: "stopped", reason: "completed" });
    await expect.poll(() => app.batchNotices.ended).toHaveLength(1);
    const [notice] = app.batchNotices.ended;
    expect(notice?.run).toMatchObject({ id: 3, mode: "batch", state: { kind: "stopped", reason: "completed" } });
    expect(notice && words.history.batchEnded.summary(notice.run, notice.tookMillis)).toMatch(
      /^Batch run 3 is done: \d+ images done, \d+ failed, \d+ annotations; cost \$0(\.\d+)? \(estimated \$0\.\d+, likely \$0\.\d+–\d+\.\d+, never above \$0\.\d+\), took 7 h 12 min\.$/u,
    );
    app.batchNotices.dismiss(3);
    expect(app.batchNotices.ended).toEqual([]);
  });

  it("that a person paused is no news", async () => {
    const app = await opened();
    await worked(app, { kind: "stopped", reason: "paused" });
    await app.batchNotices.load();
    expect(app.batchNotices.ended).toEqual([]);
  });

  it("says why it ended if it did not succeed", async () => {
    const { runs } = await coreOf("priced&key&stopped=no_credit");
    const [run] = await runs();
    expect(run && words.history.batchEnded.summary({ ...run, mode: "batch" }, 3_600_000)).toMatch(
      /^Batch run 3 stopped \(no credit\): /u,
    );
  });
});
