/** From a run to the review of its annotations. */
import type { RunId } from "../ipc/bindings";
import type { App } from "../state/app.svelte";
import { imagesOfRun } from "../state/questions";

/** Opens review of the images of `run` with the least certain first. */
export async function openReviewOfAnnotations(app: App, run: RunId): Promise<void> {
  const ids = await app.attempt(() => app.seam.imageIds(imagesOfRun(run)));
  if (ids === undefined) return;
  // The question names the run: its layer is shown, and people's work.
  app.layers = null;
  app.openReview(ids, 0, imagesOfRun(run));
}
