/** Actions on images, in the library and in review. */
import type { ImageId } from "../api/bindings";
import { copyText } from "../components/clipboard";
import { words } from "../messages";
import type { App } from "../state/app.svelte";
import { offerRestore } from "../state/undo";

/** `restored` follows an undo. Returns whether the images were removed. */
export async function removeImages(
  app: App,
  images: readonly ImageId[],
  restored: () => void = () => undefined,
): Promise<boolean> {
  const ids = [...images];
  const isRemoved = await app.notices.attempt(() => app.core.removeImages(ids).then(() => true));
  if (!isRemoved) return false;
  offerRestore(app, {
    removed: words.menus.removed(ids.length),
    restored: words.menus.restored(ids.length),
    restore: async () => {
      await app.core.restoreImages(ids);
      restored();
    },
  });
  return true;
}

/** Copies the path of an image's file, of one that is there if possible. */
export async function copyPath(app: App, image: ImageId): Promise<void> {
  await app.notices.attempt(async () => {
    const { files } = await app.core.imageInfo(image);
    const file = files.find(({ is_current }) => is_current) ?? files[0];
    if (file === undefined) {
      app.notices.show(words.menus.noPath, "bad");
      return;
    }
    await copyText(file.path);
    app.notices.show(words.menus.pathCopied);
  });
}

export async function showFile(app: App, image: ImageId): Promise<void> {
  await app.notices.attempt(() => app.core.showImageFile(image));
}
