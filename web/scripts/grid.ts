// The grid of a spreadsheet: moving about with the keyboard, editing in place,
// pasting a block. Without it the page is a plain table with a form below.

interface Edit {
  row: number;
  column: number;
  text: string;
}

interface Saved {
  cells: { shown: string; typed: string; kind: string }[];
}

const table = document.querySelector<HTMLTableElement>("table[data-save]");
const status = document.querySelector<HTMLElement>("[data-grid-status]");
if (table) start(table);

function start(grid: HTMLTableElement): void {
  grid.tabIndex = 0;
  grid.addEventListener("focus", () => select(current(grid) ?? grid.querySelector("td")));
  grid.addEventListener("mousedown", (event) => {
    const cell = cellOf(event.target);
    if (!cell || editorOf(cell)) return;
    // A second press on the chosen cell edits it, which also serves fingers.
    const again = cell === document.activeElement;
    event.preventDefault();
    select(cell);
    if (again) edit(cell, typed(cell));
  });
  grid.addEventListener("keydown", (event) => {
    const cell = cellOf(event.target);
    if (cell && !event.isComposing) (editorOf(cell) ? editing : moving)(event, cell);
  });
  grid.addEventListener("paste", (event) => {
    const cell = cellOf(event.target);
    const text = event.clipboardData?.getData("text/plain") ?? "";
    if (!cell || editorOf(cell)) return;
    event.preventDefault();
    paste(cell, text);
  });
  grid.addEventListener("copy", (event) => {
    const cell = cellOf(event.target);
    if (!cell || editorOf(cell) || !getSelection()?.isCollapsed) return;
    event.preventDefault();
    event.clipboardData?.setData("text/plain", cell.textContent ?? "");
  });
}

function cellOf(target: EventTarget | null): HTMLTableCellElement | null {
  return target instanceof Element ? target.closest("td") : null;
}

function editorOf(cell: HTMLTableCellElement): HTMLInputElement | null {
  return cell.querySelector("input");
}

function current(grid: HTMLTableElement): HTMLTableCellElement | null {
  return grid.querySelector("td[tabindex]");
}

function typed(cell: HTMLTableCellElement): string {
  return cell.dataset["typed"] ?? cell.textContent ?? "";
}

function rowOf(cell: HTMLTableCellElement): number {
  return Number(cell.closest("tr")?.dataset["row"]);
}

/** Column A is in the second place: the row's number comes first. */
function columnOf(cell: HTMLTableCellElement): number {
  return cell.cellIndex - 1;
}

function select(cell: HTMLTableCellElement | null): void {
  const grid = cell?.closest("table");
  if (!cell || !grid) return;
  current(grid)?.removeAttribute("tabindex");
  grid.tabIndex = -1;
  cell.tabIndex = 0;
  cell.focus({ preventScroll: true });
  cell.scrollIntoView({ block: "nearest", inline: "nearest" });
}

function step(cell: HTMLTableCellElement, down: number, right: number): void {
  const row = cell.closest("tr");
  const rows = row?.parentElement?.children;
  if (!row || !rows) return;
  const next = rows[Array.prototype.indexOf.call(rows, row) + down] ?? row;
  const target = next.children[cell.cellIndex + right];
  select(target instanceof HTMLTableCellElement && target.tagName === "TD" ? target : cell);
}

const ARROWS: Record<string, [number, number]> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};

function moving(event: KeyboardEvent, cell: HTMLTableCellElement): void {
  const arrow = ARROWS[event.key];
  const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
  if (arrow && plain) step(cell, ...arrow);
  else if ((event.key === "Enter" || event.key === "F2") && plain) edit(cell, typed(cell));
  else if (event.key === "Delete" || event.key === "Backspace") save([at(cell, "")]);
  else if (event.key === "Home" && plain) step(cell, 0, -columnOf(cell));
  else if (event.key.length === 1 && plain) edit(cell, event.key);
  else return;
  event.preventDefault();
}

function editing(event: KeyboardEvent, cell: HTMLTableCellElement): void {
  const back = event.shiftKey ? -1 : 1;
  if (event.key === "Enter") {
    finish(cell);
    step(cell, back, 0);
  } else if (event.key === "Tab") {
    finish(cell);
    step(cell, 0, back);
  } else if (event.key === "Escape") {
    cancel(cell);
    select(cell);
  } else return;
  event.preventDefault();
}

/** What the cell showed before it was edited. */
const before = new WeakMap<HTMLTableCellElement, string>();

function edit(cell: HTMLTableCellElement, text: string): void {
  const input = document.createElement("input");
  input.value = text;
  input.className = "grid-editor";
  input.autocomplete = "off";
  input.setAttribute("aria-label", cell.dataset["name"] ?? `Row ${rowOf(cell) + 1}, column ${columnOf(cell) + 1}`);
  before.set(cell, cell.textContent ?? "");
  cell.replaceChildren(input);
  input.focus();
  input.setSelectionRange(text.length, text.length);
  input.addEventListener("blur", () => finish(cell));
}

function cancel(cell: HTMLTableCellElement): void {
  const shown = before.get(cell) ?? "";
  // Taking the editor away blurs it, which must not count as finishing.
  before.delete(cell);
  cell.replaceChildren(shown);
}

function finish(cell: HTMLTableCellElement): void {
  const text = editorOf(cell)?.value;
  if (text === undefined || !before.has(cell)) return;
  cancel(cell);
  if (text !== typed(cell)) save([at(cell, text)]);
}

function at(cell: HTMLTableCellElement, text: string): Edit {
  return { row: rowOf(cell), column: columnOf(cell), text };
}

/** Lines and tabs, as spreadsheet programs copy them. */
function paste(cell: HTMLTableCellElement, text: string): void {
  const lines = text.replace(/\r?\n$/, "").split(/\r?\n/);
  const corner = at(cell, "");
  save(
    lines.flatMap((line, down) =>
      line.split("\t").map((part, right) => ({ row: corner.row + down, column: corner.column + right, text: part })),
    ),
  );
}

function find(edit: Edit): HTMLTableCellElement | null {
  const cell = table?.querySelector(`tr[data-row="${edit.row}"]`)?.children[edit.column + 1];
  return cell instanceof HTMLTableCellElement ? cell : null;
}

/** One request after the other, so that the last word on a cell is the last. */
let queue = Promise.resolve();

function save(edits: Edit[]): void {
  for (const edit of edits) {
    const cell = find(edit);
    if (cell) {
      cell.textContent = edit.text;
      cell.classList.add("is-saving");
    }
  }
  say("Saving…");
  queue = queue.then(() => send(edits)).catch(() => failed(edits, "the server cannot be reached"));
}

async function send(edits: Edit[]): Promise<void> {
  if (!table) return;
  const response = await fetch(table.dataset["save"] ?? "", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ sheet: Number(table.dataset["sheet"]), edits }),
  });
  if (!response.ok) {
    failed(edits, response.status === 401 ? "you are signed out; sign in again" : await response.text());
    return;
  }
  const saved = (await response.json()) as Saved;
  const outside = edits.some((edit) => !find(edit));
  edits.forEach((edit, index) => show(find(edit), saved.cells[index]));
  say(outside ? "Saved. Reload the page to see the new rows and columns." : "Saved");
}

function show(cell: HTMLTableCellElement | null, saved: Saved["cells"][number] | undefined): void {
  if (!cell || !saved) return;
  cell.classList.remove("is-saving", "is-unsaved");
  cell.dataset["typed"] = saved.typed;
  cell.dataset["kind"] = saved.kind;
  // Somebody may be editing it again by now.
  if (editorOf(cell)) before.set(cell, saved.shown);
  else cell.textContent = saved.shown;
}

function failed(edits: Edit[], reason: string): void {
  for (const edit of edits) {
    const cell = find(edit);
    cell?.classList.remove("is-saving");
    cell?.classList.add("is-unsaved");
  }
  say(`Not saved: ${reason}`);
}

function say(text: string): void {
  if (status) status.textContent = text;
}
