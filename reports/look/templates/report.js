"use strict";
// A slider that moves three pictures, a table that sorts and switches backends off, two sources to choose, folds that open for paper.
(() => {
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const set = (element, values) => { for (const [name, value] of Object.entries(values)) element.setAttribute(name, value); };

  // -- the walk ------------------------------------------------------------------------------------------------------

  const pairs = (flat) => flat.flatMap((x, k) => (k % 2 ? [] : [[x, flat[k + 1]]]));
  const segment = (line, [x1, y1], [x2, y2]) => set(line, { x1, y1, x2, y2 });
  const move = {
    line(group, [start, end]) {
      const slope = end[0] === start[0] ? 0 : (end[1] - start[1]) / (end[0] - start[0]);
      for (const residual of all(".residual", group)) {
        const x = Number(residual.getAttribute("x1"));
        residual.setAttribute("y2", (start[1] + slope * (x - start[0])).toFixed(1));
      }
      segment(group.querySelector(".line"), start, end);
    },
    points(group, places) {
      const residuals = all(".residual", group), dots = all("circle", group);
      places.forEach(([x, y], k) => { residuals[k].setAttribute("y2", y); set(dots[k], { cx: x, cy: y }); });
    },
    step(group, [here, ahead]) {
      segment(group.querySelector(".step"), here, ahead);
      set(group.querySelector("circle"), { cx: here[0], cy: here[1] });
    },
    dot(group, [[cx, cy]]) { set(group.querySelector("circle"), { cx, cy }); },
  };

  function walk() {
    const { stops } = JSON.parse(document.getElementById("walk-stops").textContent);
    const [knob, stop, play, told] = ["knob", "stop", "play", "told"].map((id) => document.getElementById(`walk-${id}`));
    const groups = all(".moving");
    let running = null;

    function show() {
      const now = stops[Number(stop.value)];
      told.textContent = now.told;
      stop.setAttribute("aria-valuetext", now.told.split(":")[0]);
      for (const group of groups) move[group.dataset.kind](group, pairs(now[group.dataset.scene]));
    }

    function halt() { clearInterval(running); running = null; play.textContent = "Play"; }

    function step() {
      if (Number(stop.value) >= stops.length - 1) { halt(); return; }
      stop.value = Number(stop.value) + 1;
      show();
    }

    stop.addEventListener("input", () => { halt(); show(); });
    play.addEventListener("click", () => {
      if (running !== null) { halt(); return; }
      if (Number(stop.value) >= stops.length - 1) stop.value = 0;
      play.textContent = "Pause";
      running = setInterval(step, 150);
      show();
    });
    knob.hidden = false;
    show();
  }

  // -- the table -----------------------------------------------------------------------------------------------------

  const key = (row, column) => row.children[column].dataset.value ?? row.children[column].textContent.trim();

  function compare(one, other, sign) {
    if (one === "" || other === "") return (one === "") - (other === ""); // what is not known comes last, either way
    const [a, b] = [Number(one), Number(other)];
    return sign * (Number.isNaN(a) || Number.isNaN(b) ? one.localeCompare(other) : a - b);
  }

  function sortable(table) {
    const heads = all("thead th", table), body = table.tBodies[0];
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") === "ascending";
        for (const other of heads) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const order = (one, other) => compare(key(one, column), key(other, column), down ? -1 : 1);
        body.append(...[...body.rows].sort(order));
      });
    });
  }

  function switches(table) {
    const off = new Set(), of = (drawn) => drawn.dataset.backend.split("\n");
    const known = new Set(all("svg [data-backend]").flatMap(of));
    for (const row of table.tBodies[0].rows) {
      const box = document.createElement("input"), name = row.dataset.backend;
      box.type = "checkbox";
      box.checked = known.has(name);
      box.disabled = !known.has(name); // who did not run has no curve
      box.setAttribute("aria-label", `Show the curves of ${name}`);
      row.cells[0].prepend(box);
      box.addEventListener("change", () => {
        off[box.checked ? "delete" : "add"](name);
        for (const drawn of all("svg [data-backend]")) { // a line that several share goes with the last of them
          drawn.classList.toggle("off", of(drawn).every((one) => off.has(one)));
        }
      });
    }
  }

  // -- two sources ---------------------------------------------------------------------------------------------------

  function swap(one, other) {
    const place = document.createComment("");
    one.replaceWith(place);
    other.replaceWith(one);
    place.replaceWith(other);
  }

  function choices(sides, articles) {
    const selects = sides.map((side, k) => {
      const select = document.createElement("select");
      select.setAttribute("aria-label", `Source ${k ? "on the right" : "on the left"}`);
      for (const { dataset: { name } } of articles) select.add(new Option(name));
      side.prepend(select);
      select.addEventListener("change", () => {
        swap(side.querySelector(".source"), articles.find((one) => one.dataset.name === select.value));
        show();
      });
      return select;
    });
    const show = () => selects.forEach((select, k) => { select.value = sides[k].querySelector(".source").dataset.name; });
    show();
  }

  // -- paper ---------------------------------------------------------------------------------------------------------

  addEventListener("beforeprint", () => {
    for (const fold of all("details")) fold.open = true;
    const stop = document.getElementById("walk-stop");
    if (stop && stop.value === "0") { stop.value = stop.max; stop.dispatchEvent(new Event("input")); } // paper has the end
  });

  if (document.getElementById("walk-stops")) walk();
  const articles = all("article.source");
  if (articles.length > 2) choices(all(".side").slice(0, 2), articles);
  for (const table of all("table.overview")) { sortable(table); switches(table); }
})();
