// Suggestions while typing: a combobox with a listbox, after the ARIA Authoring Practices. Without it the box is a form.
(() => {
  const field = document.querySelector("[data-suggest-url]");
  const list = document.getElementById("search-suggestions");
  const said = document.getElementById("search-said");
  if (!field || !list) return;
  field.setAttribute("role", "combobox");
  field.setAttribute("aria-autocomplete", "list");
  field.setAttribute("aria-controls", list.id);
  field.setAttribute("aria-expanded", "false");

  let place = -1;
  let waiting;
  let asking;
  let shownFor = "";
  const options = () => [...list.querySelectorAll("[role=option]")];
  const isOpen = () => !list.hidden;

  function close() {
    list.hidden = true;
    field.setAttribute("aria-expanded", "false");
    mark(-1);
  }
  function open() {
    if (!options().length || document.activeElement !== field) return;
    list.hidden = false;
    field.setAttribute("aria-expanded", "true");
  }
  function mark(number) {
    place = number;
    for (const [at, option] of options().entries()) option.setAttribute("aria-selected", String(at === number));
    const marked = options()[number];
    if (!marked) return field.removeAttribute("aria-activedescendant");
    field.setAttribute("aria-activedescendant", marked.id);
    marked.scrollIntoView({ block: "nearest" });
  }

  async function ask() {
    const typed = field.value.trim();
    asking?.abort();
    if (typed.length < 2) { list.replaceChildren(); shownFor = ""; said.textContent = ""; return close(); }
    asking = new AbortController();
    try {
      const url = `${field.dataset.suggestUrl}?${new URLSearchParams({ q: typed })}`;
      const answer = await fetch(url, { signal: asking.signal, headers: { Accept: "text/html" } });
      if (!answer.ok) return close();
      // The server escapes every word in it.
      list.replaceChildren(document.createRange().createContextualFragment(await answer.text()));
      shownFor = typed;
      mark(-1);
      const found = options().length;
      said.textContent = found ? `${found} suggestion${found === 1 ? "" : "s"}` : "No suggestions";
      if (found) open(); else close();
    } catch { /* typed on, or no connection: the form still works */ }
  }

  field.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(ask, 150); });
  field.addEventListener("focus", () => { if (shownFor && shownFor === field.value.trim()) open(); });
  field.addEventListener("blur", close);
  field.addEventListener("keydown", (event) => {
    const count = options().length;
    if (event.key === "Escape" && isOpen()) { event.preventDefault(); return close(); }
    if (event.key === "Enter" && isOpen() && place >= 0) {
      event.preventDefault();
      return location.assign(options()[place].dataset.href);
    }
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp" || !count) return;
    event.preventDefault();
    if (!isOpen()) open();
    // One place besides the options: the field itself, with what was typed.
    const step = event.key === "ArrowDown" ? 1 : -1;
    mark(((place + 1 + step + count + 1) % (count + 1)) - 1);
  });
  // Before the field loses the focus and the list closes.
  list.addEventListener("pointerdown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (!option) return;
    if (event.ctrlKey || event.metaKey) window.open(option.dataset.href, "_blank", "noopener");
    else location.assign(option.dataset.href);
  });
})();
