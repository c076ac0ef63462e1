/** `data-keep` on a form: what was chosen in it and not saved is still chosen
 *  when one comes back, such as from the page that makes a new connection. */
export function keptForms(): void {
  for (const form of document.querySelectorAll<HTMLFormElement>("form[data-keep]")) keep(form);
}

function keep(form: HTMLFormElement): void {
  const name = `rouage-form-${location.pathname}`;
  const chosen = read(name);
  for (const [field, value] of Object.entries(chosen)) {
    const control = form.elements.namedItem(field);
    // A choice that has gone meanwhile is not forced upon the list.
    if (control instanceof HTMLSelectElement && [...control.options].some((option) => option.value === value)) control.value = value;
  }
  form.addEventListener("change", ({ target }) => {
    if (!(target instanceof HTMLSelectElement) || target.name === "") return;
    chosen[target.name] = target.value;
    sessionStorage.setItem(name, JSON.stringify(chosen));
  });
  form.addEventListener("submit", () => sessionStorage.removeItem(name));
}

function read(name: string): Record<string, string> {
  try {
    return JSON.parse(sessionStorage.getItem(name) ?? "{}") as Record<string, string>;
  } catch {
    return {};
  }
}
