import { expect, test } from "vitest";

import { visible } from "./visible";

test("hidden characters are written out and all others stay", () => {
  expect(visible("Größe, مرحبا, 👩‍🚀, C:\\new")).toBe("Größe, مرحبا, 👩‍🚀, C:\\new");
  expect(visible("gpj.\u202eexe\nerror\u001b[31m\u009b")).toBe("gpj.\\u{202e}exe\\nerror\\u{1b}[31m\\u{9b}");
});
