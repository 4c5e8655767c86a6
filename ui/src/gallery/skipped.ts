/** Groups skipped files by reason. */
import type { SkippedFile } from "../api/bindings";
import { words } from "../messages";

export interface SkippedKind {
  title: string;
  files: SkippedFile[];
}

/** Largest group first. */
export function byKind(files: readonly SkippedFile[]): SkippedKind[] {
  const kinds = new Map<string, [SkippedFile, ...SkippedFile[]]>();
  for (const file of files) {
    // The title is computed with a fixed number, so that files of one kind share it.
    const text = words.library.skipped.kind(file.reason, 2);
    const known = kinds.get(text);
    if (known) known.push(file);
    else kinds.set(text, [file]);
  }
  return [...kinds.values()]
    .map((files) => ({ title: words.library.skipped.kind(files[0].reason, files.length), files }))
    .sort((a, b) => b.files.length - a.files.length);
}
