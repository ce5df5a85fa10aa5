// Browsing without reloading: every link and form here is an ordinary one that works without this.
(() => {
  const results = () => document.getElementById("results");
  const wasOpen = () => document.getElementById("filters")?.matches(":popover-open") ?? false;
  let reopen = false;
  let top = false;

  function go(url, source, toTop = false) {
    reopen = wasOpen();
    top = toTop;
    results().setAttribute("aria-busy", "true");
    // The server answers with the tidied address to push.
    htmx.ajax("GET", url, { source, target: "#results", select: "#results", swap: "outerHTML" });
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[data-live]");
    if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    go(link.href, results(), link.dataset.live === "top");
  });

  function send(form) {
    const asked = new URLSearchParams([...new FormData(form)].filter(([, value]) => value !== ""));
    go(`${form.getAttribute("action")}?${asked}`, results());
  }
  document.addEventListener("submit", (event) => {
    if (!event.target.matches?.("[data-live-form]")) return;
    event.preventDefault();
    send(event.target);
  });
  let waiting;
  document.addEventListener("change", (event) => {
    const form = event.target.form;
    if (!form?.matches("[data-live-form]")) return;
    clearTimeout(waiting);
    waiting = setTimeout(() => form.isConnected && send(form), 150);
  });

  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target.id !== "results" && event.target.id !== "results") return;
    const filters = document.getElementById("filters");
    if (reopen && filters && !wasOpen()) filters.showPopover();
    reopen = false;
    document.getElementById("count-said").textContent = document.querySelector("[data-count]")?.textContent ?? "";
    if (top) window.scrollTo(0, 0);
    top = false;
  });
  for (const trouble of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(trouble, () => results()?.removeAttribute("aria-busy"));
  }
})();
