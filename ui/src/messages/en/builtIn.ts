/** Names of built-in recipes and models, by the name that the library stores. */
export const builtIn = {
  recipes: {
    "Everyday objects": "Everyday objects",
    "Bird vocabulary, Spanish and English": "Bird vocabulary, Spanish and English",
    "Camera trap": "Camera trap",
    "Retail shelf": "Retail shelf",
    "Product defects": "Product defects",
    Documents: "Documents",
    "Street scene": "Street scene",
    "Image quality": "Image quality",
    "Alt text": "Alt text",
  },
  models: { "Built-in detector": "Built-in detector" },
};
