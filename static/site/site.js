// Everything here is a comfort: each page works without it.
(() => {
  const root = document.documentElement;

  // Light or dark, remembered.
  const toggle = document.querySelector("[data-theme-toggle]");
  const press = () => toggle?.setAttribute("aria-pressed", String(root.dataset.bsTheme === "dark"));
  toggle?.addEventListener("click", () => {
    root.dataset.bsTheme = root.dataset.bsTheme === "dark" ? "light" : "dark";
    try { localStorage.setItem("theme", root.dataset.bsTheme); } catch { /* not remembered then */ }
    press();
  });
  new MutationObserver(press).observe(root, { attributes: true, attributeFilter: ["data-bs-theme"] });
  press();

  // Stars. A click or tap rates, and so do Enter and Space. Arrow keys move the choice and rate nothing: who
  // passes two stars on the way to four has not said two. The choice made with them is sent by Enter or Space,
  // or when the focus leaves the stars, so that none is shown that was never saved; Escape puts it back.
  let moving = false;
  const starOf = (event) => event.target.closest?.(".rate input[type=radio]");
  const chosen = (form) => form.querySelector("input[type=radio]:checked")?.value ?? "0";
  const choose = (form, value) => {
    for (const star of form.querySelectorAll("input[type=radio]")) star.checked = star.value === value;
  };
  const say = (words) => {
    const line = document.createElement("div");
    line.className = "said";
    line.append(Object.assign(document.createElement("p"), { textContent: words }));
    document.getElementById("status").replaceChildren(line);
  };
  const send = (form) => {
    if (chosen(form) === form.dataset.saved && !form.dataset.sent) return;
    form.dataset.sent = chosen(form);
    // Said before the shop has answered: the answer takes its place.
    say(chosen(form) === "0" ? "Taking the rating back…" : "Saving your rating…");
    form.requestSubmit();
  };
  document.addEventListener("keydown", (event) => {
    const star = starOf(event);
    moving = Boolean(star) && event.key.startsWith("Arrow");
    if (star && (event.key === "Enter" || event.key === " ")) {
      event.preventDefault();
      star.checked = true;
      send(star.form);
    }
    if (star && event.key === "Escape") choose(star.form, star.form.dataset.saved);
  });
  document.addEventListener("keyup", () => { moving = false; });
  document.addEventListener("click", (event) => {
    const star = starOf(event);
    // An arrow key clicks the star it moves to as well; that click is not a rating.
    if (star && !moving) send(star.form);
    if (event.target.closest?.("[data-close-status]")) document.getElementById("status").replaceChildren();
  });
  document.addEventListener("focusout", (event) => {
    const form = starOf(event)?.form;
    if (form?.isConnected && !form.contains(event.relatedTarget) && chosen(form) !== form.dataset.saved) {
      if (chosen(form) !== form.dataset.sent) send(form);
    }
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const form = event.detail.elt.closest?.(".rate");
    const status = event.detail.xhr?.status;
    // One that was overtaken by the next click has no answer, and nothing to put back.
    if (!form?.dataset.sent || !status) return;
    if (status < 400) form.dataset.saved = form.dataset.sent;
    else choose(form, form.dataset.saved);
    delete form.dataset.sent;
  });
  document.addEventListener("htmx:sendError", (event) => {
    const form = event.detail.elt.closest?.(".rate");
    if (!form) return;
    choose(form, form.dataset.saved);
    delete form.dataset.sent;
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

  // The thread: what a rating has just moved in a list of one's own glows once, and the list says how much.
  const thread = new Map();
  const order = (row) => [...row.querySelectorAll(".product-card")].map((card) => card.dataset.sku);
  const rowsOf = (part) => [...part.querySelectorAll("[data-thread]"), ...(part.matches("[data-thread]") ? [part] : [])];
  const followed = (event) => event.detail.requestConfig?.triggeringEvent?.type === "feedback-changed";
  const mark = (card, words) => {
    card.classList.add("has-moved");
    card.querySelector(".product-picture").append(
      Object.assign(document.createElement("span"), { className: "moved", textContent: words }));
  };
  const follow = (row) => {
    const before = thread.get(row.dataset.rail);
    let fresh = 0, up = 0;
    for (const [place, card] of [...row.querySelectorAll(".product-card")].entries()) {
      const past = before?.indexOf(card.dataset.sku);
      if (before && past < 0) { fresh += 1; mark(card, "New here"); }
      if (past > place + 1) { up += 1; mark(card, `Up ${past - place}`); }
    }
    if (before && !fresh && !up) return;
    const words = [fresh && `${fresh} new`, up && `${up} moved up`].filter(Boolean).join(", ");
    const line = document.createElement("p");
    line.className = "rail-change";
    line.textContent = before ? `Your last click: ${words}` : "Here because of your last click";
    row.querySelector("h2").after(line);
  };
  document.addEventListener("htmx:beforeSwap", (event) => {
    thread.clear();
    if (!followed(event)) return;
    for (const row of rowsOf(event.detail.target)) thread.set(row.dataset.rail, order(row));
    thread.isOn = true;
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    if (!thread.isOn) return;
    thread.isOn = false;
    for (const row of document.querySelectorAll("[data-thread]")) {
      // A list that was not there before is new as a whole; one that is asked for later is nobody's news.
      if (thread.has(row.dataset.rail) || row.dataset.rail === "for-you") follow(row);
    }
    thread.clear();
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

  // Who clicks again before the list has followed the first click may find the form replaced before its answer
  // is there. htmx looks for what an answer brings along, and tells of what it changed, only where that form
  // was: such an answer is for the page as it is now.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { requestConfig, serverResponse, shouldSwap, target, xhr } = event.detail;
    if (!shouldSwap || requestConfig.elt.isConnected) return;
    event.detail.shouldSwap = false;
    htmx.swap(target, serverResponse, { swapStyle: "innerHTML" });
    const changed = xhr.getResponseHeader("HX-Trigger");
    if (changed) htmx.trigger(document.body, changed);
  });

  // What could not be sent is said, not swallowed.
  for (const trouble of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(trouble, () => {
      const words = document.getElementById("trouble").content.cloneNode(true);
      document.getElementById("status").replaceChildren(words);
    });
  }
})();
