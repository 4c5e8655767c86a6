/** Skipped files by what they have in common: a folder of thousands of files of one kind is one line. */
import type { SkippedFile } from "../ipc/bindings";
import { words } from "../messages";

export interface SkippedKind {
  title: string;
  files: SkippedFile[];
}

/** The largest kind first. */
export function byKind(files: readonly SkippedFile[]): SkippedKind[] {
  const kinds = new Map<string, [SkippedFile, ...SkippedFile[]]>();
  for (const file of files) {
    // Files of one kind have one text; the number in it is put in last.
    const text = words.library.skipped.kind(file.reason, 2);
    const known = kinds.get(text);
    if (known) known.push(file);
    else kinds.set(text, [file]);
  }
  return [...kinds.values()]
    .map((files) => ({ title: words.library.skipped.kind(files[0].reason, files.length), files }))
    .sort((a, b) => b.files.length - a.files.length);
}
