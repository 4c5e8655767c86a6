import { expect, test } from "vitest";

import { visible } from "./visible";

test("hidden characters are written out and all others stay", () => {
  expect(visible("Größe, مرحبا, 👩‍🚀, C:\\new")).toBe("Größe, مرحبا, 👩‍🚀, C:\\new");
  expect(visible("a\u{e0041}\ufdd0")).toBe("a\\u{e0041}\\u{fdd0}");
  expect(visible("gpj.\u202eexe\nerror\u001b[31m\u009b")).toBe("gpj.\\u{202e}exe\\nerror\\u{1b}[31m\\u{9b}");
});
