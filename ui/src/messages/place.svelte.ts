/** Where Fieldmark's core runs, since texts name it: the user's machine, or a server whose window a browser shows. */
class Place {
  isServer = $state(false);
}

export const place = new Place();

/** A text of the desktop's window, or of one in a browser. */
export function here(onDesktop: string, inBrowser: string): string {
  return place.isServer ? inBrowser : onDesktop;
}
