/** Says something for a moment, also to screen readers. */
export function toast(text: string): void {
  const place = document.querySelector(".toasts");
  if (!place) return;
  const note = document.createElement("div");
  note.className = "toast";
  note.textContent = text;
  place.replaceChildren(note);
  setTimeout(() => note.remove(), 2200);
}
