/** From a run to the review of its marks. */
import type { RunId } from "../ipc/bindings";
import type { App } from "../state/app.svelte";

/** Opens review of the images of `run` with the least certain first. */
export async function openReviewOfMarks(app: App, run: RunId): Promise<void> {
  const ids = await app.attempt(() =>
    app.seam.imageIds({ collection: null, run, filter: "all", order: "least_certain", text: "" }),
  );
  if (ids !== undefined) app.openReview(ids, 0);
}
