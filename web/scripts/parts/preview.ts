/** `data-preview="name"` on a form: while it is filled in, the part of that name
 *  (`data-part`) shows what it would mean. Nothing is saved. */
export function previews(): void {
  for (const form of document.querySelectorAll<HTMLFormElement>("form[data-preview]")) {
    let timer = 0;
    let latest = 0;
    const update = async () => {
      const turn = ++latest;
      const body = new URLSearchParams();
      for (const [name, value] of new FormData(form)) if (typeof value === "string") body.append(name, value);
      body.append("preview", "1");
      const answer = await fetch(form.action, { method: "POST", body }).catch(() => undefined);
      if (!answer || answer.redirected || turn !== latest) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const select = `[data-part="${form.dataset.preview}"]`;
      const fresh = page.querySelector(select);
      if (fresh && turn === latest) document.querySelector(select)?.replaceWith(fresh);
    };
    form.addEventListener("input", () => {
      window.clearTimeout(timer);
      timer = window.setTimeout(() => void update(), 350);
    });
  }
}
