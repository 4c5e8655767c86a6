/** Copies text, also on a page without HTTPS, where the browser offers no clipboard. */
export async function copyText(text: string): Promise<void> {
  // Absent on a page without HTTPS, although its type says otherwise.
  const clipboard = navigator.clipboard as Clipboard | undefined;
  if (clipboard) {
    await clipboard.writeText(text);
    return;
  }
  const field = document.createElement("textarea");
  field.value = text;
  field.style.position = "fixed";
  document.body.append(field);
  field.select();
  const isCopied = document.execCommand("copy");
  field.remove();
  if (!isCopied) throw new Error("the browser refused to copy");
}
