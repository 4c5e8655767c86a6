import { svelte } from "@sveltejs/vite-plugin-svelte";
import { playwright } from "@vitest/browser-playwright";
import { defineConfig } from "vitest/config";

/** Tests of single components in a real browser. */
export default defineConfig({
  plugins: [svelte()],
  // The whole of it at the start: a dependency that is found later reloads the page in the middle of a test.
  optimizeDeps: { include: ["bits-ui", "vitest-browser-svelte"] },
  test: {
    include: ["kit/**/*.test.ts"],
    setupFiles: ["kit/setup.ts"],
    testTimeout: 15_000,
    browser: {
      enabled: true,
      // By number: not every machine can look "localhost" up.
      api: { host: "127.0.0.1" },
      headless: true,
      screenshotFailures: false,
      provider: playwright({
        launchOptions: {
          executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
          args: ["--no-sandbox", "--disable-gpu"],
        },
        contextOptions: { reducedMotion: "reduce" },
      }),
      instances: [{ browser: "chromium", viewport: { width: 1440, height: 900 } }],
    },
  },
});
