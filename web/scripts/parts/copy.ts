import { toast } from "./toast";

/** `data-copy="#id"` copies an element's text; `data-copy-url` what a link gives. */
export function copyButtons(): void {
  document.addEventListener("click", async (event) => {
    const target = event.target as Element;
    const button = target.closest<HTMLElement>("[data-copy], a[data-copy-url]");
    if (!button) return;
    event.preventDefault();
    try {
      await copy(await wanted(button));
      toast("Copied");
    } catch {
      toast("Copying did not work; select the text and copy it yourself");
    }
  });
}

async function wanted(button: HTMLElement): Promise<string> {
  if (button instanceof HTMLAnchorElement) {
    const answer = await fetch(button.href);
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.text();
  }
  return document.querySelector(button.dataset.copy ?? "")?.textContent ?? "";
}

/** The clipboard API exists only on https and localhost; a plain-http server
 *  in the house needs the old way. */
async function copy(text: string): Promise<void> {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "hidden";
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (!done) throw new Error("refused");
}
