/** Files that the window makes itself: charts and tables. */
import type { Core } from "../api/core";

type SavingCore = Pick<Core, "browser" | "saveFile">;

/** Saves a file: a browser downloads it, the app asks where. Returns the path; null in a browser, or when it was cancelled. */
export async function saveFile(core: SavingCore, name: string, content: Blob): Promise<string | null> {
  if (core.browser === null) return core.saveFile(name, await base64Of(content));
  const address = URL.createObjectURL(content);
  download(address, name);
  // The browser has read it by then.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
  return null;
}

/** Lets the browser save what is at an address. */
export function download(address: string, name: string): void {
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
}

function base64Of(content: Blob): Promise<string> {
  return new Promise((read, failed) => {
    const reader = new FileReader();
    reader.onload = () => read(String(reader.result).replace(/^[^,]*,/, ""));
    reader.onerror = () => failed(reader.error ?? new Error("the file cannot be read"));
    reader.readAsDataURL(content);
  });
}
