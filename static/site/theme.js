// Runs before the first paint, so that neither the colours nor the script-only controls flash.
(() => {
  const root = document.documentElement;
  root.classList.add("js");
  let chosen = null;
  try { chosen = localStorage.getItem("theme"); } catch { /* storage may be forbidden: the system decides */ }
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const show = () => { root.dataset.bsTheme = chosen || (dark.matches ? "dark" : "light"); };
  dark.addEventListener("change", show);
  show();
})();
