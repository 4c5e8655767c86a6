/** Smart collections: saved searches in the sidebar. */
export const smart = {
  title: "Smart collections",
  save: "Save search…",
  saveTitle: "Save search as smart collection",
  name: "Name",
  confirm: "Save",
  saved: (name: string) => `“${name}” saved`,
  rename: "Rename",
  plan: "Plan a run…",
  update: "Update from the current search",
  updated: (name: string) => `“${name}” now has the current search`,
  delete: "Delete",
  deleted: (name: string) => `“${name}” deleted`,
  restored: (name: string) => `“${name}” restored`,
};
