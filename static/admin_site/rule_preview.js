// The admin's search boxes tell jQuery alone that something was chosen; htmx listens to the browser's own event.
django.jQuery(document).on("change", "select.admin-autocomplete", function (event) {
  if (!event.originalEvent) {
    this.dispatchEvent(new Event("change", { bubbles: true }));
  }
});
