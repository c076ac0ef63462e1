/** Read before the forms are there; the rest is in `forms.ts`. */
export const words = {
  noForms: "The form could not be loaded. Check your connection and open the module again.",
} as const;
