"use strict";
(() => {
  const bar = document.getElementById("walk");
  const [back, next, all, where] = ["back", "next", "all", "where"].map((id) => document.getElementById(id));
  const marked = [...document.querySelectorAll("[data-stop]")];
  const last = Math.max(...marked.map((element) => Number(element.dataset.stop)));
  let stop = null; // null: everything is shown

  function show() {
    for (const element of marked) {
      const number = Number(element.dataset.stop);
      element.classList.toggle("later", stop !== null && number > stop);
      element.classList.toggle("now", number === stop);
    }
    back.disabled = stop === null || stop === 1;
    next.disabled = stop === last;
    next.textContent = stop === null ? "Walk through" : "Next";
    all.disabled = stop === null;
    where.textContent = stop === null ? `${last} steps` : `${stop} of ${last}`;
    const now = document.querySelector(".stop.now");
    if (now) now.scrollIntoView({ block: "center" });
  }

  back.addEventListener("click", () => { stop -= 1; show(); });
  next.addEventListener("click", () => { stop = (stop ?? 0) + 1; show(); });
  all.addEventListener("click", () => { stop = null; show(); });
  bar.hidden = false;
  show();
})();
