/** Names of built-in recipes and models, by the name that the library stores. */
export const builtIn = {
  recipes: {
    "Everyday objects": "Everyday objects",
    "Bird vocabulary, Spanish and English": "Bird vocabulary, Spanish and English",
  },
  models: { "Built-in detector": "Built-in detector" },
};
