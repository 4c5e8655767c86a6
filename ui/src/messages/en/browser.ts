import { byteCount, count } from "../format";

const photos = (number: number) => `${count(number)} ${number === 1 ? "file" : "files"}`;

/** The window in a browser, on `fieldmark serve`. */
export const browser = {
  readOnly: "Read-only",
  readOnlyNote: "You can look, compare and export. Nothing can be changed here.",
  readOnlyPlan: "Read-only: no run can be started here.",
  emptyReadOnly: "This library has no photos yet, and nothing can be added to it here: it is open read-only.",
  lost: "Reconnecting… Nothing can be changed until Fieldmark answers again.",
  signedOut: "Signed out: open a new link from fieldmark serve. This window then continues.",
  add: "Add photos",
  chooseFiles: "Choose files…",
  addFolder: "Add folder…",
  dropTitle: "Drop photos or folders here",
  dropHint: "Drop photos or folders anywhere in this window. They are sent to the server.",
  dropNote: "Each folder becomes a collection. The photos are sent to the server.",
  welcomeNote: "JPEG, PNG, WebP, GIF, TIFF, BMP, including subfolders. They are copied into the server’s library.",
  upload: {
    label: "Uploading",
    progress: (sent: number, total: number, sentBytes: number, totalBytes: number) =>
      `Uploading ${count(sent)} of ${photos(total)}, ${byteCount(sentBytes)} of ${byteCount(totalBytes)}`,
    cancel: "Cancel",
    cancelled: "Upload canceled. Nothing was added.",
    failed: (why: string) => `Upload stopped, and nothing was added. ${why}`,
    nothing: "There was nothing to add.",
  },
  folders: {
    title: "Add a folder of the server",
    none: "This server offers no folders. Start it with `fieldmark serve --root FOLDER` to add photos from that folder, or upload photos from this computer.",
    all: "Folders of the server",
    up: "Up",
    list: "Folders",
    inside: (images: number) =>
      images === 0
        ? "No photos directly in this folder. Those in folders below it are added too."
        : `${count(images)} ${images === 1 ? "photo" : "photos"} directly in this folder. Those in folders below it are added too.`,
    noFolders: "No folders in here",
    choose: "Choose a folder.",
    add: "Add this folder",
  },
  download: "Download",
};
