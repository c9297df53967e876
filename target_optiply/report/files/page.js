"use strict";
/* Tables that can be sorted and searched. Without a script the page is whole, but for these two. */
(() => {
  const FEW = 6; // rows that are seen at a glance
  const value = (cell, isNumber) => (isNumber ? Number(cell.dataset.value) : cell.textContent.trim());
  const compare = new Intl.Collator("en", { numeric: true, sensitivity: "base" }).compare;

  function sort(table, column, header) {
    const ascends = header.getAttribute("aria-sort") !== "ascending";
    for (const other of table.querySelectorAll("thead th")) other.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", ascends ? "ascending" : "descending");
    const isNumber = "number" in header.dataset;
    const body = table.tBodies[0];
    const rows = [...body.rows].map((row) => [value(row.cells[column], isNumber), row]);
    rows.sort(([a], [b]) => (isNumber ? a - b : compare(a, b)) * (ascends ? 1 : -1));
    body.append(...rows.map(([, row]) => row));
  }

  for (const table of document.querySelectorAll("table[data-sortable]")) {
    [...table.tHead.rows[0].cells].forEach((header, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...header.childNodes);
      button.addEventListener("click", () => sort(table, column, header));
      header.append(button);
    });
  }

  for (const section of document.querySelectorAll(".searchable")) {
    const box = section.querySelector(".search");
    if (!box || (section.querySelector("table").tBodies[0].rows.length < FEW && !section.dataset.always)) continue;
    const input = box.querySelector("input");
    const said = box.querySelector("output");
    const rows = [...section.querySelector("table").tBodies[0].rows].map((row) => [row.textContent.toLowerCase(), row]);
    input.addEventListener("input", () => {
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const [text, row] of rows) {
        row.hidden = !words.every((word) => text.includes(word));
        shown += !row.hidden;
      }
      said.textContent = words.length ? `${shown} of ${rows.length}` : "";
    });
    box.hidden = false;
  }
})();
