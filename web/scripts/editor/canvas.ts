/** Puts the parts of the canvas together and offers them as a service. */
import { align } from "./align";
import { notesOf } from "./blueprint";
import { h } from "./dom";
import type { Editor, PanelMaker } from "./editor";
import { toMake } from "./geometry";
import { Keys } from "./keys";
import { fillLater, later } from "./later";
import { Minimap } from "./minimap";
import { Pointer } from "./pointer";
import { Scene } from "./scene";
import type { SceneService } from "./services";
import { onAct } from "./shell";
import { Viewport } from "./viewport";
import { words } from "./words/canvas";

export function start(editor: Editor): void {
  const scene = new Scene(editor);
  const viewport = new Viewport(editor, scene);
  const pointer = new Pointer(editor, scene, viewport);
  new Keys(editor, scene, viewport, pointer);
  new Minimap(editor, scene, viewport);
  fillLater(editor, "outline", () => later(editor, "outline", ({ show }): PanelMaker<never> => (_panel, box) => show(editor, box, scene)));
  describe(viewport.stage);
  startNotes(editor, scene);
  const service = serve(editor, scene, viewport);
  editor.services.scene = service;
  scene.addEventListener("reveal", (event) => service.reveal((event as CustomEvent<string>).detail, { focus: true }));
  for (const signal of ["panel", "mapping"]) editor.signals.addEventListener(signal, () => revealSubject(editor, viewport));
  editor.signals.addEventListener("card", (event) => viewport.giveWay((event as CustomEvent<HTMLElement>).detail));
  onAct(editor, "align", () => align(editor));
  onAct(editor, "outline", () => (editor.panel?.kind === "outline" ? editor.close() : editor.open({ kind: "outline" })));
}

/** What a panel is about stands beside it, not under it. */
function revealSubject(editor: Editor, viewport: Viewport): void {
  const { panel } = editor;
  if (!panel) return;
  if ("key" in panel) viewport.reveal(panel.key);
  else if (panel.kind === "note") revealNote(editor, viewport, panel.index);
}

/** A new note has no box yet: then what it is about is shown. */
function revealNote(editor: Editor, viewport: Viewport, index: number): void {
  const note = notesOf(editor.store.doc.root)[index];
  const about = note && note.text === "" && !note.place ? note.modules[0] : undefined;
  if (about !== undefined) viewport.reveal(String(about));
  else if (note) viewport.revealNote(note);
}

function serve(editor: Editor, scene: Scene, viewport: Viewport): SceneService {
  return {
    place: (key) => scene.shown.get(key)?.at,
    toMake,
    fromWindow: (point) => viewport.fromWindow(point),
    middle: () => viewport.middle(),
    reveal: (key, options) => {
      viewport.reveal(key);
      if (options?.focus) scene.element(key)?.focus({ preventScroll: true });
    },
    element: (key) => scene.element(key),
    fit: () => viewport.fit(),
    zoom: (factor) => viewport.zoom(factor),
    align: () => align(editor),
    marks: (marks) => {
      scene.marks(marks);
      scene.dispatchEvent(new Event("marks"));
    },
  };
}

/** How to get about, for screen readers; the page may have said it already. */
function describe(stage: HTMLElement): void {
  if (!document.querySelector("#canvas-help")) stage.append(h("p", { id: "canvas-help", class: "hidden" }, words.help));
}

/** One button hides all notes, and shows them again. */
function startNotes(editor: Editor, scene: Scene): void {
  const key = `notes-${editor.boot.scenario.id}`;
  const show = (isHidden: boolean, button: Element | null) => {
    scene.hideNotes(isHidden);
    button?.setAttribute("aria-pressed", String(!isHidden));
  };
  let isHidden = sessionStorage.getItem(key) === "hidden";
  show(isHidden, document.querySelector('[data-act="notes"]'));
  onAct(editor, "notes", (button) => {
    isHidden = !isHidden;
    sessionStorage.setItem(key, isHidden ? "hidden" : "shown");
    show(isHidden, button);
    editor.say(isHidden ? words.notesHidden : words.notesShown);
  });
}
