"use strict";
// Nothing here is needed to read the page: it filters tables, and opens what a link leads to.
for (const table of document.querySelectorAll("details.table")) {
  const rows = [...table.querySelectorAll("tbody tr")];
  if (rows.length < 8) continue;
  const field = document.createElement("input");
  field.type = "search";
  field.className = "filter";
  field.placeholder = "filter";
  field.setAttribute("aria-label", "filter rows");
  field.addEventListener("click", (event) => event.preventDefault());
  field.addEventListener("keyup", (event) => event.preventDefault());
  field.addEventListener("input", () => {
    table.open = true;
    const wanted = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const row of rows) {
      const said = row.textContent.toLowerCase();
      row.hidden = !wanted.every((word) => said.includes(word));
    }
  });
  table.querySelector("summary").append(field);
}
function open() {
  const row = location.hash.length > 1 ? document.getElementById(location.hash.slice(1)) : null;
  if (!row) return;
  for (let it = row.parentElement; it; it = it.parentElement) if (it.tagName === "DETAILS") it.open = true;
  row.scrollIntoView({ block: "center" });
}
addEventListener("hashchange", open);
addEventListener("beforeprint", () => {
  for (const table of document.querySelectorAll("details.table")) table.open = true;
});
open();
