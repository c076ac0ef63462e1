/** How the field with pills looks; it lives in a shadow root, where the page's
 *  style sheets do not reach but its colours do. */
import type { Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";

const MONO = { fontFamily: "var(--mono)", fontSize: "0.9em" };

export function theme(isMultiline: boolean): Extension {
  return EditorView.theme({
    "&": { color: "inherit", background: "none", fontSize: "inherit" },
    "&.cm-focused": { outline: "none" },
    ".cm-scroller": { fontFamily: "inherit", lineHeight: "22px", maxHeight: "min(50vh, 480px)", overflow: "auto" },
    ".cm-content": { padding: "8px 0", minHeight: isMultiline ? "104px" : "38px", boxSizing: "border-box", caretColor: "var(--ink)", overflowWrap: "anywhere" },
    ".cm-line": { padding: "0 10px" },
    ".cm-placeholder": { color: "var(--ink-2)", opacity: "0.85" },
    ".cm-cursor, .cm-dropCursor": { borderLeftColor: "var(--accent)", borderLeftWidth: "2px" },
    "& ::selection": { background: "color-mix(in oklab, var(--accent) 28%, transparent)" },
    ".pill": {
      display: "inline-block", maxWidth: "100%", boxSizing: "border-box", margin: "1px", padding: "0 7px", border: "1px solid transparent", borderRadius: "6px",
      fontSize: "13px", lineHeight: "18px", verticalAlign: "top", overflow: "clip", overflowClipMargin: "3px", textOverflow: "ellipsis", whiteSpace: "pre", cursor: "grab", userSelect: "none",
    },
    ".pill.is-item": { background: "var(--app)", borderColor: "light-dark(transparent, rgb(255 255 255 / 24%))", color: "#fff", fontWeight: "550" },
    ".pill.is-function, .pill.is-sign": { ...MONO, background: "var(--surface-2)", borderColor: "var(--line)", color: "var(--ink)", padding: "0 5px" },
    ".pill.is-keyword": { ...MONO, background: "var(--accent-soft)", borderColor: "color-mix(in oklab, var(--accent) 35%, transparent)", color: "var(--ink)" },
    ".pill.is-brace": { ...MONO, background: "none", borderColor: "var(--line)", color: "var(--ink-2)", padding: "0 3px" },
    ".pill.is-bad": { textDecorationSkipInk: "none", background: "var(--bad-soft)", borderColor: "transparent", color: "var(--bad)", textDecoration: "underline wavy var(--bad) 1.5px", textUnderlineOffset: "2px" },
    ".pill.is-selected": { outline: "2px solid var(--accent)", outlineOffset: "0" },
    ".in-code": { ...MONO, color: "var(--run)" },
    ".in-text": { ...MONO, color: "var(--ok)" },
    ".is-bad": { textDecoration: "underline wavy var(--bad) 1.5px", textUnderlineOffset: "3px" },
    ".cm-tooltip": { border: "1px solid var(--line)", borderRadius: "10px", background: "var(--surface)", color: "var(--ink)", boxShadow: "var(--shadow)", overflow: "hidden", zIndex: "60" },
    "&:not(.cm-focused) .cm-tooltip:has(> .at-caret), &:not(.cm-focused) .cm-tooltip.at-caret": { display: "none" },
    ".hint": { maxWidth: "340px", padding: "8px 12px", fontSize: "13px", lineHeight: "1.45", overflowWrap: "anywhere" },
    ".hint .problem": { color: "var(--bad)" },
    ".signature": { ...MONO, fontWeight: "600", overflowWrap: "anywhere" },
    ".hint .type, .cm-completionInfo .example": { color: "var(--ink-2)" },
    ".cm-completionInfo .example": { ...MONO, marginTop: "6px", overflowWrap: "anywhere" },
    ".cm-tooltip.cm-completionInfo": { padding: "10px 12px", fontSize: "13px", lineHeight: "1.45", maxWidth: "min(320px, 80vw)" },
    ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: "inherit", fontSize: "14px", maxHeight: "min(300px, 40vh)", maxWidth: "min(392px, 92vw)" },
    ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { display: "flex", alignItems: "center", gap: "8px", minHeight: "32px", padding: "4px 12px", boxSizing: "border-box" },
    ".cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]": { background: "var(--accent-soft)", color: "var(--ink)", outline: "2px solid transparent", outlineOffset: "-2px" },
    ".cm-completionLabel": { flex: "none", maxWidth: "70%", overflow: "hidden", textOverflow: "ellipsis" },
    ".is-function .cm-completionLabel, .is-keyword .cm-completionLabel, .is-text .cm-completionLabel": MONO,
    ".cm-completionDetail": { flex: "1", minWidth: "0", margin: "0", overflow: "hidden", textOverflow: "ellipsis", whiteSpace: "nowrap", color: "var(--ink-2)", fontSize: "13px", fontStyle: "normal", textAlign: "right" },
    ".dot": { flex: "none", width: "10px", height: "10px", borderRadius: "50%", background: "var(--app)" },
    // On a phone the sheet of the mapping panel takes the rest.
    "@media (max-width: 700px)": { ".cm-scroller": { maxHeight: "24dvh" }, ".cm-tooltip.cm-completionInfo": { display: "none" } },
    "@media (forced-colors: active)": {
      ".pill": { borderColor: "CanvasText !important" },
      ".pill.is-selected": { outlineColor: "Highlight" },
      ".cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]": { outlineColor: "Highlight" },
    },
  });
}
