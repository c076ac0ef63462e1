/** A blueprint that is dropped anywhere on a page becomes a scenario. The page
 *  brings the overlay with its words; without scripts there is the form. */

/** Where the form of the import goes. */
const PATH = "/import";

/** On pages that take blueprints. */
export function importDrops(): void {
  const over = document.querySelector<HTMLElement>("[data-import-drop]");
  if (!over) return;
  watchDrops(over, (event) => {
    const files = [...(event.dataTransfer?.files ?? [])];
    if (files.length > 0) sendToImport(files);
  });
}

/** Shows the overlay while files are over the page, and tells of the drop. */
export function watchDrops(over: HTMLElement, onDrop: (event: DragEvent) => void, takes: (event: DragEvent) => boolean = hasFiles): void {
  // A drag enters and leaves every element on its way; it is over when it has
  // left as many as it has entered.
  let depth = 0;
  const show = (isOver: boolean) => {
    over.hidden = !isOver;
    if (!isOver) depth = 0;
  };
  addEventListener("dragenter", (event) => {
    if (!takes(event)) return;
    event.preventDefault();
    depth += 1;
    show(true);
  });
  addEventListener("dragover", (event) => {
    if (over.hidden || !takes(event)) return;
    event.preventDefault();
    if (event.dataTransfer) event.dataTransfer.dropEffect = "copy";
  });
  addEventListener("dragleave", (event) => {
    if (over.hidden || !takes(event)) return;
    depth -= 1;
    if (depth <= 0) show(false);
  });
  addEventListener("drop", (event) => {
    if (over.hidden || !takes(event)) return show(false);
    event.preventDefault();
    show(false);
    onDrop(event);
  });
}

export function hasFiles(event: DragEvent): boolean {
  return event.dataTransfer?.types.includes("Files") ?? false;
}

/** Sends files as the form of the import would, so that the answer is a page. */
export function sendToImport(files: readonly File[]): void {
  const transfer = new DataTransfer();
  for (const file of files) transfer.items.add(file);
  const form = document.createElement("form");
  form.method = "post";
  form.action = PATH;
  form.enctype = "multipart/form-data";
  form.hidden = true;
  const input = document.createElement("input");
  input.type = "file";
  input.name = "file";
  input.multiple = true;
  input.files = transfer.files;
  form.append(input);
  document.body.append(form);
  form.submit();
}
