/** Opens the review of a run. */
import type { ImageId, RunId } from "../api/bindings";
import type { App } from "../state/app.svelte";
import { imagesOfRun } from "../state/questions";

/** Opens review of the images of `run`, least certain first. */
export async function openReviewOfRun(app: App, run: RunId): Promise<void> {
  const ids = await app.notices.attempt(() => app.core.imageIds(imagesOfRun(run)));
  if (ids !== undefined) openReviewOf(app, run, ids);
}

/** Opens review of these images of `run`, at this one. */
export function openReviewOf(app: App, run: RunId, images: ImageId[], index = 0): void {
  // The query names the run, so its layer and people's annotations are shown.
  app.scope.layers = null;
  app.navigation.openReview(images, index, imagesOfRun(run));
}
