/** Lists to choose from: requests that were received, runs that were made. */
import { openDialog } from "./dialog";
import { h, icon } from "./dom";
import type { Editor } from "./editor";
import type { RequestRow, RunRow } from "./run-data";
import { words } from "./words/run";

const SIGNS: Record<string, string> = {
  success: "circle-check",
  warning: "triangle-alert",
  error: "octagon-x",
  running: "refresh-cw",
  stopped: "circle-pause",
  "in-doubt": "circle-help",
};

export function chooseRequest(_editor: Editor, requests: readonly RequestRow[], run: (id: string) => void): void {
  const rows = requests.map((request) => ({
    id: request.id,
    title: request.ago,
    detail: request.hasData ? `${request.text} · ${request.size}` : words.noData,
    sign: "inbox",
    state: "",
    hint: request.at,
    isOff: !request.hasData,
  }));
  choose(words.chooseRequest, words.chooseRequestHelp, words.noRequests, rows, run);
}

export function chooseReplay(_editor: Editor, runs: readonly RunRow[], run: (id: string) => void): void {
  choose(words.chooseReplay, words.chooseReplayHelp, words.noRuns, runs.map((row) => ({ ...shown(row), isOff: row.whyNot !== "", detail: row.whyNot || shown(row).detail })), run);
}

export function chooseShown(_editor: Editor, runs: readonly RunRow[], run: (id: string) => void): void {
  choose(words.chooseShown, "", words.noRuns, runs.map(shown), run);
}

interface Row {
  id: string;
  title: string;
  detail: string;
  sign: string;
  state: string;
  hint: string;
  isOff: boolean;
}

function shown(row: RunRow): Row {
  const marks = [row.isDraft && !row.isSingle && words.draftRun, row.isSingle && words.singleRun].filter(Boolean).join(", ");
  return {
    id: row.id,
    title: row.name ? `${row.name} · ${row.ago}` : row.ago,
    detail: [words.runRow(row.word, row.operations, row.by), marks].filter(Boolean).join(" · "),
    sign: SIGNS[row.status] ?? "clock",
    state: row.status,
    hint: row.at,
    isOff: false,
  };
}

function choose(title: string, help: string, empty: string, rows: readonly Row[], run: (id: string) => void): void {
  const dialog = openDialog(title);
  const button = (row: Row) =>
    h(
      "button",
      {
        type: "button",
        class: "pick",
        title: row.hint,
        disabled: row.isOff,
        onclick: () => {
          dialog.close();
          run(row.id);
        },
      },
      h("span", { class: `status ${row.state}` }, icon(row.sign)),
      h("span", { class: "grow" }, h("strong", {}, row.title), h("small", {}, row.detail)),
    );
  const list = h("ul", { class: "picks" }, ...rows.map((row) => h("li", {}, button(row))));
  if (help) dialog.body.append(h("p", { class: "quiet" }, help));
  dialog.body.append(rows.length > 0 ? list : h("p", { class: "empty" }, empty));
}
