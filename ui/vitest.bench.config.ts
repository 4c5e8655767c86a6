import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

/** Measurements in a real browser. They print figures and judge none: machines differ. */
export default defineConfig({
  // As for the tests, whose tools these use.
  plugins: [svelte()],
  test: {
    include: ["browser/bench/**/*.bench.ts"],
    globalSetup: "test/scenes.ts",
    testTimeout: 300_000,
    hookTimeout: 60_000,
  },
});
