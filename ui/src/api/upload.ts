/** Photos that are dropped on a browser's window, or chosen there: they are sent to the library. */
import type { Api, ApiError } from "./bindings";
import type { BrowserConnection } from "./core";

/** Files that are sent at the same time; a browser has six connections to a host. */
const AT_ONCE = 3;

/** A file, and its path in what was dropped, with slashes. */
export interface NamedFile {
  name: string;
  file: File;
}

export interface UploadProgress {
  sent: number;
  total: number;
  sentBytes: number;
  totalBytes: number;
}

/** The files that are being dropped, with those in folders. Must be called before the event handler returns. */
export async function filesDropped(transfer: DataTransfer): Promise<NamedFile[]> {
  // The list is empty once the handler has returned.
  const items = [...transfer.items].map((item) => ({ entry: item.webkitGetAsEntry(), file: item.getAsFile() }));
  const files: NamedFile[] = [];
  for (const { entry, file } of items) {
    if (entry) await collect(entry, "", files);
    // What another page or a script has put there is in no file system.
    else if (file) files.push({ name: file.name, file });
  }
  return files;
}

/** The files of an `<input type="file">`, with `webkitdirectory` or without. */
export function filesChosen(list: FileList | null): NamedFile[] {
  return [...(list ?? [])].map((file) => ({ name: file.webkitRelativePath || file.name, file }));
}

async function collect(entry: FileSystemEntry, above: string, files: NamedFile[]) {
  // As imports do.
  if (entry.name.startsWith(".")) return;
  const name = above + entry.name;
  if (entry.isFile) {
    const file = await new Promise<File>((found, failed) => (entry as FileSystemFileEntry).file(found, failed));
    files.push({ name, file });
  } else if (entry.isDirectory) {
    const reader = (entry as FileSystemDirectoryEntry).createReader();
    // A reader gives a folder in parts, the last of which is empty.
    for (;;) {
      const part = await new Promise<FileSystemEntry[]>((found, failed) => reader.readEntries(found, failed));
      if (part.length === 0) return;
      for (const inside of part) await collect(inside, `${name}/`, files);
    }
  }
}

/**
 * Sends photos to the library and imports them. Nothing is imported if one cannot be sent, or when it is stopped.
 *
 * @returns Whether there was something to import.
 */
export async function upload(
  transport: Pick<BrowserConnection, "send">,
  api: Pick<Api, "beginUpload" | "importUpload" | "cancelUpload">,
  files: NamedFile[],
  onProgress?: (progress: UploadProgress) => void,
  stop?: AbortSignal,
): Promise<boolean> {
  return api.importUpload(await send(transport, api, files, onProgress, stop));
}

/**
 * Sends files to the library. If one cannot be sent, or when it is stopped, those that were sent are removed.
 *
 * @returns The number of the upload.
 */
export async function send(
  transport: Pick<BrowserConnection, "send">,
  api: Pick<Api, "beginUpload" | "cancelUpload">,
  files: NamedFile[],
  onProgress: (progress: UploadProgress) => void = () => undefined,
  stop?: AbortSignal,
): Promise<number> {
  const number = await api.beginUpload();
  const totalBytes = files.reduce((sum, { file }) => sum + file.size, 0);
  const progress = { sent: 0, total: files.length, sentBytes: 0, totalBytes };
  const ending = new AbortController();
  const signal = stop ? AbortSignal.any([stop, ending.signal]) : ending.signal;
  const waiting = [...files];
  const sendOthers = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      signal.throwIfAborted();
      await transport.send(`/upload/${number}/${encoded(next.name)}`, "POST", next.file, signal);
      progress.sent += 1;
      progress.sentBytes += next.file.size;
      onProgress({ ...progress });
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, sendOthers));
  } catch (error) {
    ending.abort();
    await api.cancelUpload(number).catch(() => undefined);
    throw error as ApiError;
  }
  return number;
}

function encoded(name: string): string {
  return name.split("/").map(encodeURIComponent).join("/");
}
