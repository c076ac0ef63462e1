/** Switches light and dark without a reload; the cookie is the server's. */
export function theme(): void {
  for (const form of document.querySelectorAll<HTMLFormElement>("[data-theme-form]")) switchOn(form);
}

function switchOn(form: HTMLFormElement): void {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const root = document.documentElement;
    const current = root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
    const next = current === "dark" ? "light" : "dark";
    root.dataset.theme = next;
    void fetch(form.action, { method: "POST", body: new URLSearchParams({ theme: next, back: "/health" }) });
  });
}
