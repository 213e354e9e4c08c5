"use strict";
(() => {
  document.documentElement.classList.add("js");

  for (const button of document.querySelectorAll("button[data-copy]")) {
    button.addEventListener("click", async () => {
      const element = document.getElementById(button.dataset.copy);
      try {
        await navigator.clipboard.writeText(element.textContent);
        button.textContent = "Copied";
      } catch {
        // A browser that forbids it from disk still lets the reader press Ctrl+C.
        getSelection().selectAllChildren(element);
        button.textContent = "Selected";
      }
      setTimeout(() => { button.textContent = "Copy"; }, 2000);
    });
  }

  const table = document.getElementById("table");
  if (!table) return;
  const controls = document.getElementById("controls");
  const rows = [...table.querySelectorAll("tbody tr:not(.head)")];
  const groups = [...table.tBodies].map((body) => [body, [...body.rows]]);
  const flat = document.createElement("tbody");
  const heads = [...table.querySelectorAll("th[data-key]")];
  const descendsFirst = new Set(["worth", "difference", "epochs", "generation"]);
  // So many rows are shown until all are asked for: at all, and on a phone, where the style sheet says so.
  const FIRST = 200, FIRST_ON_PHONE = 20, button = controls.elements.all;
  let all = false;
  let order = { key: "", down: false };

  const value = (row) => (row.dataset[order.key] === undefined ? null : Number(row.dataset[order.key]));
  const compare = (a, b) => {
    const x = value(a), y = value(b);
    if (x === null || y === null) return (x === null) - (y === null);
    return order.down ? y - x : x - y;
  };

  function arrange() {
    flat.remove();
    groups.forEach(([body]) => body.remove());
    if (order.key) {
      flat.replaceChildren(...[...rows].sort(compare));
      table.append(flat);
    } else {
      groups.forEach(([body, own]) => { body.replaceChildren(...own); table.append(body); });
    }
    for (const head of heads) {
      if (head.dataset.key === order.key) head.setAttribute("aria-sort", order.down ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    }
    controls.elements.sort.value = order.key === "round" ? "" : order.key;
  }

  function filter() {
    const words = controls.elements.text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const arm = controls.elements.arm.value, status = controls.elements.status.value;
    let shown = 0, begun = 0;
    for (const row of order.key ? [...flat.rows] : rows) {
      const text = words.length ? row.textContent.toLowerCase() : "";
      row.hidden = !((!arm || row.dataset.arm === arm) && (!status || row.dataset.status === status)
        && words.every((word) => text.includes(word)));
      shown += !row.hidden;
      begun += !row.hidden;
      row.classList.toggle("later", !all && !row.hidden && begun > FIRST_ON_PHONE);
      row.classList.toggle("last", !all && !row.hidden && begun > FIRST);
    }
    button.hidden = all || shown <= FIRST_ON_PHONE;
    button.classList.toggle("phone", shown <= FIRST);
    button.textContent = `Show all ${shown}`;
    for (const [body, own] of groups) body.hidden = !own.some((row) => !row.hidden && !row.classList.contains("head"));
    controls.elements.shown.value = shown === rows.length ? `${shown} ${shown === 1 ? "child" : "children"}` : `${shown} of ${rows.length} ${rows.length === 1 ? "child" : "children"}`;
  }

  function sortBy(key, down) { order = { key, down }; arrange(); filter(); }

  for (const head of heads) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const key = head.dataset.key;
      if (order.key !== key) sortBy(key, descendsFirst.has(key));
      else if (order.down === descendsFirst.has(key)) sortBy(key, !order.down);
      else sortBy("", false);
    });
  }
  controls.elements.sort.addEventListener("change", (event) => sortBy(event.target.value, descendsFirst.has(event.target.value)));
  controls.addEventListener("submit", (event) => event.preventDefault());
  controls.addEventListener("input", filter);
  button.addEventListener("click", () => { all = true; filter(); });
  filter();

  document.addEventListener("click", (event) => {
    const dot = event.target.closest("[data-row]");
    if (!dot) return;
    event.preventDefault();
    const row = document.getElementById("c" + dot.dataset.row);
    table.querySelectorAll(".found").forEach((each) => each.classList.remove("found"));
    if (row.hidden) { controls.reset(); arrange(); filter(); }
    row.classList.add("found");
    row.querySelector("details").open = true;
    row.scrollIntoView({ block: "center" });
  });

  // What a mark of a chart or of the family stands for, beside the mark.
  const card = document.getElementById("card");

  function tell(row, text) {
    const line = (name, value) => {
      const p = document.createElement("p");
      p.append(name + value);
      return value && value !== "–" ? [p] : [];
    };
    const code = document.createElement("code");
    code.textContent = row.querySelector("summary code").textContent;
    const curve = row.querySelector(".spark");
    card.replaceChildren(...line("", text), ...line("made by ", row.dataset.edits),
      ...line("receipt ", row.dataset.receipt), ...line("epochs ", row.dataset.cost), ...(curve ? [curve.cloneNode(true)] : []), code);
  }

  function show(event) {
    const mark = event.target.closest?.("svg [data-row]");
    card.hidden = !mark;
    if (!mark) return;
    const title = mark.querySelector("title");
    if (title) { mark.setAttribute("aria-label", title.textContent); title.remove(); }
    tell(document.getElementById("c" + mark.dataset.row), mark.getAttribute("aria-label"));
    const at = mark.getBoundingClientRect(), width = card.offsetWidth, height = card.offsetHeight;
    card.style.left = Math.max(4, Math.min(at.right + 10, innerWidth - width - 10)) + "px";
    card.style.top = (at.bottom + 10 + height > innerHeight ? Math.max(4, at.top - height - 10) : at.bottom + 10) + "px";
  }
  document.addEventListener("pointerover", show);
  document.addEventListener("focusin", show);
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") card.hidden = true; });

  for (const zoom of document.querySelectorAll("[data-zoom]")) zoom.addEventListener("click", () => {
    const picture = document.querySelector("#family svg"), box = picture.getBoundingClientRect();
    picture.style.width = Math.max(320, Math.min(6000, box.width * zoom.dataset.zoom)) + "px";
    picture.style.height = "auto";
  });

  // What fits needs no word on how it scrolls.
  function tellOfScrolling() {
    for (const note of document.querySelectorAll(".note.phone")) {
      const frame = note.parentElement.querySelector(".drawing");
      note.hidden = frame.scrollWidth <= frame.clientWidth;
    }
  }
  addEventListener("resize", tellOfScrolling);
  tellOfScrolling();
})();
