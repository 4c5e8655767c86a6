import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

/** Makes the pictures of the documentation anew: `make pictures`. */
export default defineConfig({
  // As for the tests, whose tools these use.
  plugins: [svelte()],
  test: {
    include: ["browser/pictures/*.pictures.ts"],
    globalSetup: "test/scenes.ts",
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 60_000,
  },
});
