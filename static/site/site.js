// Everything here is a comfort: each page works without it.
(() => {
  const root = document.documentElement;

  // Light or dark, remembered.
  const toggle = document.querySelector("[data-theme-toggle]");
  const mark = () => toggle?.setAttribute("aria-pressed", String(root.dataset.bsTheme === "dark"));
  toggle?.addEventListener("click", () => {
    root.dataset.bsTheme = root.dataset.bsTheme === "dark" ? "light" : "dark";
    try { localStorage.setItem("theme", root.dataset.bsTheme); } catch { /* not remembered then */ }
    mark();
  });
  new MutationObserver(mark).observe(root, { attributes: true, attributeFilter: ["data-bs-theme"] });
  mark();

  // Stars: a click or tap, Enter and Space send the rating; arrow keys only move between the stars.
  let moving = false;
  const starOf = (event) => event.target.closest?.(".rate input[type=radio]");
  const send = (star) => { star.checked = true; star.form.requestSubmit(); };
  document.addEventListener("keydown", (event) => {
    const star = starOf(event);
    moving = Boolean(star) && event.key.startsWith("Arrow");
    if (star && (event.key === "Enter" || event.key === " ")) { event.preventDefault(); send(star); }
  });
  document.addEventListener("keyup", () => { moving = false; });
  document.addEventListener("click", (event) => {
    const star = starOf(event);
    // An arrow key clicks the star it moves to as well; that click is not a rating.
    if (star && !moving) send(star);
    if (event.target.closest?.("[data-close-status]")) document.getElementById("status").replaceChildren();
  });

  // Menus close at a click elsewhere and at Escape, which gives the focus back.
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });

  // A shared address carries the filters in use, not the empty ones.
  document.addEventListener("htmx:configRequest", (event) => {
    if (event.detail.verb !== "get") return;
    const form = event.detail.formData;
    for (const [name, value] of [...form.entries()]) if (value === "") form.delete(name);
    // The suggestions ask by what is typed, whatever the field is called in its own form.
    if (event.detail.elt.hasAttribute("data-suggest")) event.detail.parameters.q = event.detail.elt.value;
  });

  // When a refreshed list no longer has the control that had the focus, its heading takes over. A row that
  // is scrolled sideways stays where it was.
  let lost = null;
  const places = new Map();
  document.addEventListener("htmx:beforeSwap", (event) => {
    const part = event.detail.target;
    if (part.id === "status") return;
    if (part.contains(document.activeElement)) lost = part.id;
    for (const rail of part.querySelectorAll(".rail")) {
      places.set(rail.getAttribute("aria-labelledby"), rail.querySelector(".rail-items").scrollLeft);
    }
  });
  document.addEventListener("htmx:afterSwap", () => {
    for (const [key, left] of places) {
      const row = document.querySelector(`[aria-labelledby="${key}"] .rail-items`);
      if (row) row.scrollLeft = left;
    }
    places.clear();
  });
  document.addEventListener("htmx:afterSettle", () => {
    if (!lost) return;
    const part = document.getElementById(lost);
    if (document.activeElement === document.body) {
      part?.querySelector("[data-focus], h2[tabindex]")?.focus({ preventScroll: true });
    }
    lost = null;
  });

  // What could not be sent is said, not swallowed.
  for (const trouble of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(trouble, () => {
      const words = document.getElementById("trouble").content.cloneNode(true);
      document.getElementById("status").replaceChildren(words);
    });
  }
})();
