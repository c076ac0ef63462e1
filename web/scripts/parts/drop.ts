/** Shows what was chosen, and marks the zone while a file hovers over it. The
 *  file input covers the zone, so dropping itself needs no script. */
export function dropZones(): void {
  for (const zone of document.querySelectorAll<HTMLElement>("[data-drop]")) {
    const input = zone.querySelector("input");
    const name = zone.querySelector("[data-drop-name]");
    if (!input || !name) continue;
    const mark = (over: boolean) => zone.classList.toggle("is-over", over);
    zone.addEventListener("dragover", () => mark(true));
    zone.addEventListener("dragleave", () => mark(false));
    zone.addEventListener("drop", () => mark(false));
    input.addEventListener("change", () => {
      name.textContent = [...(input.files ?? [])].map((file) => file.name).join(", ");
    });
  }
}
